// Package internal_test holds the tests that concern the shape of the tree.
package internal_test

import (
	"encoding/json"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/hotdesk-pbx/hotdesk"

// layers is the architecture: a package imports only packages of lower lines.
// A package that stands in no line fails the test. The public client is below
// all of them.
func layers() [][]string {
	return [][]string{
		{"audit", "callrecord", "credential", "events", "dialplan", "idempotency", "phonemodel", "sip/digest", "sip/sdp", "sip/resolve", "media/dtmf", "media/g711", "spreadsheet"},
		{"directory", "media", "media/wav", "outbox", "sip"},
		{"floorplan", "history", "hotdesk", "ivr/prompts", "login", "signon", "location", "officecsv", "officefile", "emergency", "sip/dialog", "sip/subscription", "trunk", "voicemail"},
		{"checksync", "ivr", "report", "restapi/resource", "softphone"},
		{"switchboard", "usage"},
		{"eventlog"},
		{"audiofiles", "client", "lamp", "notify", "portal", "restapi", "sipserver", "sqlstore"},
		{"notify/mailtest", "restapi/describe", "sqlstore/sqltest", "app"},
		{"apptest", "bench", "demo"},
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestPackagesImportOnlyLowerLayers(t *testing.T) {
	t.Parallel()
	level := map[string]int{}
	for i, names := range layers() {
		for _, name := range names {
			level[path.Join(module, "internal", name)] = i + 1
		}
	}
	for _, p := range listPackages(t) {
		public := p.ImportPath == path.Join(module, "client")
		if !public && !strings.HasPrefix(p.ImportPath, module+"/internal/") {
			continue
		}
		if !public && level[p.ImportPath] == 0 {
			t.Errorf("%s stands in no layer: give it a line in layers()", p.ImportPath)
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module+"/") && level[imported] >= level[p.ImportPath] {
				t.Errorf("%s (layer %d) imports %s (layer %d)", p.ImportPath, level[p.ImportPath], imported, level[imported])
			}
		}
	}
}

// listPackages asks the go command for every package of the module that has
// code of its own besides tests.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatalf("read the package list: %v", err)
		}
		packages = append(packages, p)
	}
	return packages
}
