# make help lists what there is.
SHELL := /bin/bash
# All but the race detector builds as for users, so that nothing is compiled twice.
plain := CGO_ENABLED=0 GOFLAGS=-trimpath
tool  := $(plain) go tool -modfile=tools/go.mod
# SQLite is C translated to Go, and argon2 works on megabytes; to watch their every read and write takes most of a test's time and finds no race of ours.
race  := -race -gcflags=modernc.org/...=-race=false -gcflags=golang.org/x/crypto/...=-race=false
# A number of inputs: when a time is over, Go before 1.27 may call that a failure (go.dev/issue/75804).
FUZZTIME ?= 200000x
BENCHTIME ?= 1s

.DEFAULT_GOAL := help
.PHONY: help demo run setup test check generate generated lint dead unit e2e build bench fuzz prompts screenshots

help: ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: ## an office on this machine: server, simulated phones, the main job aloud in the terminal
	go run ./cmd/hotdesk demo

run: ## a server on 127.0.0.1:5060 with its data in ./data
	go run ./cmd/hotdesk serve --data data

test: setup check e2e ## everything: installs what the tests need, builds, lints, tests with the race detector, real phones

check: generated build lint dead unit ## what a change must pass before it is pushed; needs no phones

setup: ## install the Debian packages the tests drive (phones, databases)
	scripts/setup.sh

build: ## bin/hotdesk, one static binary
	$(plain) go build -o bin/ ./cmd/...

generate: ## the pages' Go from their templates, the Go client from the API
	$(tool) templ generate -include-version=false -path internal/portal
	$(plain) go run ./internal/restapi/describe > client/openapi.json
	$(tool) oapi-codegen -config client/oapi-codegen.yaml client/openapi.json

generated: generate
	git diff --exit-code -- '*_templ.go' client/openapi.json client/client.gen.go

lint: ## golangci-lint, pinned in tools/go.mod
	$(tool) golangci-lint run ./...

dead: ## code nothing reaches
	@out="$$($(tool) deadcode -test ./...)"; echo -n "$$out"; test -z "$$out"

unit: ## all tests but those with real phones, with the race detector; those that take longest begin first, and many wait; lint has vetted them
	go test $(race) -vet=off -parallel 4 -shuffle=on ./internal/switchboard ./internal/apptest ./internal/sqlstore ./client ./cmd/... ./internal/...

e2e: build ## the built binary with phones nobody here wrote; they mostly wait, so seven tests at a time
	$(plain) go test -vet=off -shuffle=on -count=1 -parallel 7 -timeout 12m ./e2e/...

screenshots: ## a picture of each page of the portal, into docs/screenshots
	rm -rf docs/screenshots; mkdir -p docs/screenshots
	HOTDESK_SCREENSHOTS=$(CURDIR)/docs/screenshots go test -count=1 -timeout 12m -run '^TestEveryPage$$' ./e2e

prompts: ## speak the prompts anew after their texts have changed
	scripts/make-prompts.sh

bench: ## the figures of docs/performance.md
	scripts/bench.sh

fuzz: ## each fuzz target with FUZZTIME inputs
	@grep -rl --include=*_test.go '^func Fuzz' . | while read f; do for n in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
	  go test -run='^$$' -fuzz="^$$n$$" -fuzztime=$(FUZZTIME) ./$$(dirname $$f) || exit 1; done; done
