package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
)

// hotdesk runs one command line and returns its exit status and what it wrote.
func hotdesk(t *testing.T, input string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, console{in: strings.NewReader(input), out: &o, err: &e})
	return status, o.String(), e.String()
}

// serve runs a server and returns its data folder.
func serve(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	serveIn(t, data)
	return data
}

func serveIn(t *testing.T, data string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		args := []string{"serve", "--data", data, "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--rtp-ports", "0"}
		done <- run(ctx, args, console{in: strings.NewReader(""), out: in, err: &errs})
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("the server said %q, %v; %s", line, err, &errs)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(func() {
		stop()
		if status := <-done; status != 0 {
			t.Errorf("the server ended with %d: %s", status, &errs)
		}
	})
}

// TestManage gives commands to one server, one after the other. A step's want
// must stand in what the command writes: on standard output when it succeeds,
// else on standard error.
func TestManage(t *testing.T) {
	t.Parallel()
	data := serve(t)
	office := filepath.Join(data, "office.toml")
	const text = "[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n" +
		"[[user]]\nextension = \"1001\"\nname = \"Ana Ruiz\"\npin = \"4711\"\n" +
		"[[user]]\nextension = \"5401\"\nname = \"Window 1\"\n[[user.device]]\nname = \"5401\"\n"
	if err := os.WriteFile(office, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		line, input string
		status      int
		want        string
	}{
		{"user list", "", 1, "there is no domain yet"},
		{"apply " + office + " --dry-run", "", 0, "acme.test: 4 to add, 0 changed, 0 removed"},
		{"apply " + office, "", 0, "the password of device 5401, shown only now: "},
		{"apply " + office, "", 0, "acme.test: 0 added, 0 changed, 0 removed"},
		{"apply -", "[domain]\nnam = 1", 1, "standard input:2: [domain] has no key \"nam\"; did you mean name?"},
		{"apply " + office + ".nope", "", 1, "no such file"},
		{"domain list", "", 0, "America/Toronto"},
		{"domain set acme.test --release-at 03:00 --no-activate-phone", "", 0, "is changed"},
		{"domain set acme.test", "", 1, "nothing was told to change"},
		{"domain set acme.test --release-at soon", "", 1, "hot_desking.release_at: \"soon\" is no time of day"},
		{"domain add beta.test --country DE", "", 1, "timezone: the time zone is missing"},
		{"user add 1002 --name Ben --pin new --json", "", 0, "\"has_pin\": true"},
		{"user add 1003 --name Cy --pin ask", "4711\n", 0, "user 1003 (Cy) is there"},
		{"user add 1004 --name Di --pin ask", "", 1, "no PIN was given"},
		{"user add 1004", "", 2, "missing flags: --name=NAME; see \"hotdesk user add --help\""},
		{"user set 1003", "", 1, "nothing was told to change"},
		{"user add 5402 --name Hall", "", 0, "desk account 5402 (Hall) is there"},
		{"user set 1003 --pin 1003", "", 1, "pin: the PIN must not be the extension"},
		{"user set 1003 --new-extension 1005 --no-hot-desking --site North", "", 0, "user 1005 (Cy) is changed"},
		{"user list", "", 0, "1005       Cy        basic_user  North  -             yes"},
		{"user import -", "extension,name\n1006,\n", 1, "line 2: name: the name is missing"},
		{"user import - --dry-run", "extension,name,pin\n1006,Flo,new\n", 0, "1 to add, 0 changed"},
		{"user import -", "extension,name,pin\n1006,Flo,new\n", 0, "of 1006, shown only now: PIN "},
		{"user import -", "", 1, "the table is empty"},
		{"user export", "", 0, "1006,Flo,,basic_user"},
		{"user delete 1006", "", 0, "user 1006 is gone"},
		{"phone export", "", 0, "mac,model,name,site,place,devices"},
		{"domain set acme.test --reseller 1005@nowhere.test", "", 1, "reseller: there is no user 1005@nowhere.test"},
		{"domain set acme.test --reseller 1005@acme.test", "", 1, "reseller: there is no such reseller"},
		{"user set 1005 --scope reseller", "", 0, "user 1005 (Cy) is changed"},
		{"domain set acme.test --reseller 1005@acme.test --json", "", 0, "\"reseller\": \"1005@acme.test\""},
		{"device add cy --owner 1005 --password ask", "sip-secret\n", 0, "device cy is there\n"},
		{"device add hall --owner 5402", "", 0, "its password, shown only now: "},
		{"device set cy --owner=", "", 0, "device cy is changed"},
		{"device set cy", "", 1, "nothing was told to change"},
		{"device set nope --disabled", "", 1, "there is no device \"nope\""},
		{"device list", "", 0, "cy      -      yes"},
		{"phone add 805ec0112233 --model T54W --devices 5401,hall", "", 0, "phone 80:5e:c0:11:22:33 is there"},
		{"phone set 805ec0112233", "", 1, "nothing was told to change"},
		{"phone set 80:5E:C0:11:22:33 --devices 5401", "", 0, "is changed"},
		{"phone list --json", "", 0, "\"devices\": [\n      \"5401\"\n    ]"},
		{"user set 1002 --forward-no-answer 1001 --ring-seconds 10 --do-not-disturb --class inside", "", 0, "user 1002 (Ben) is changed"},
		{"user set 1002 --forward-all *88", "", 1, "forward_all: \"*88\" is no extension and no number"},
		{"user set 1002 --no-do-not-disturb --no-mailbox --no-mailbox-pin --forward-no-answer= --json", "", 0, "\"mailbox_pin\": false"},
		{"domain set acme.test --code park=*70 --code withhold= --warn-minutes 10 --ask-ringing", "", 0, "is changed"},
		{"domain set acme.test --code parc=*70", "", 1, "codes.parc: there is no star code of this name; known are disturb_again,"},
		{"domain set acme.test --mail-server smtp.acme.test:587 --mail-from a@acme.test --mail-user acme --mail-password ask", "mail-secret\n", 0, "is changed"},
		{"domain set acme.test --emergency-extension 1002 --class all --user-calls 2 --mailbox-seconds 60 --keep-calls 90", "", 0, "is changed"},
		{"domain set acme.test --main-number 5550100", "", 1, "main_number: \"5550100\" is no public number"},
		{"domain list --json", "", 0, "\"park\": \"*70\""},
		{"number add +14165550101 --user 1001", "", 0, "number +14165550101 leads to 1001"},
		{"number add 911", "", 1, "number: \"911\" is no public number"},
		{"number set +14165550101 --user 1009", "", 1, "user: there is no user 1009"},
		{"number set +14165550101", "", 2, "missing flags: --user=EXTENSION"},
		{"number list", "", 0, "+14165550101  1001"},
		{"number set +14165550101 --user=", "", 0, "number +14165550101 leads nowhere"},
		{"trunk add carrier --host sip.carrier.example --register --user acme --password ask", "trunk-secret\n", 0, "trunk carrier is there"},
		{"trunk add spare --host 192.0.2.7:5060 --transport pigeon", "", 1, "transport: \"pigeon\" is not known"},
		{"trunk add spare --host 192.0.2.7:5060 --priority 10 --max-calls 4", "", 0, "trunk spare is there"},
		{"trunk set spare", "", 1, "nothing was told to change"},
		{"trunk set spare --disabled --new-name second", "", 0, "trunk second is changed"},
		{"trunk list", "", 0, "second   192.0.2.7:5060       udp        -          -     10        4          off "},
		{"trunk delete nope", "", 1, "there is no trunk \"nope\""},
		{"session start 5401 1001", "", 0, "1001 (Ana Ruiz) is logged in at 5401 until "},
		{"session list", "", 0, "Ana Ruiz"},
		{"session start 5401 1002", "", 1, "Ana Ruiz has been logged in at this desk since"},
		{"session end 5401", "", 0, "1001 (Ana Ruiz) is logged out of 5401"},
		{"session end 5401", "", 1, "nobody is logged in"},
		{"session end 1001", "", 1, "there is no session or device \"1001\": \"hotdesk session list\" shows"},
		{"session start 1001 5401", "", 1, "there is no device \"1001\": the name of the desk's device comes first"},
		{"session list", "", 0, "none"},
		{"session list --all --user 1001", "", 0, "ended_by_admin"},
		{"user unlock 1001", "", 0, "user 1001 can log in again"},
		{"user unlock 1009", "", 1, "there is no user \"1009\""},
		{"device unlock 5401", "", 0, "people can log in at device 5401 again"},
		{"device unlock nope", "", 1, "there is no device \"nope\""},
		{"device resync 5401", "", 1, "the phone is not registered, so nothing could be sent to it"},
		{"device reboot nope", "", 1, "there is no device \"nope\""},
		{"audit list --limit 2", "", 0, "device.unlocked  -     5401    5401\n"},
		{"audit list --user 1001 --action user.unlocked", "", 0, "cli  user.unlocked  1001  -       1001\n"},
		{"audit list --user 1009", "", 1, "there is no user \"1009\""},
		{"audit list --limit=-1", "", 1, "limit: expected number >= 1"},
		{"calls list", "", 0, "none"},
		{"calls list --user 1009", "", 1, "there is no user \"1009\""},
		{"calls list --direction missed", "", 1, "direction: whose direction? name a user too"},
		{"calls list --user 1001 --direction missed --from 2026-01-01 --json", "", 0, "[]"},
		{"calls list --result good", "", 1, "result: expected value to be one of \"answered"},
		{"calls list --limit=-2", "", 1, "limit: expected number >= 1"},
		{"calls export --device 5401", "", 0, "started,answered,ended,direction,result,"},
		{"calls export --from soon --output " + filepath.Join(data, "calls.csv"), "", 1, "from: \"soon\" is no day such as"},
		{"calls export --output " + filepath.Join(data, "none", "calls.csv"), "", 1, "no such file"},
		{"webhook add ftp://example.com --events login", "", 1, "url: a webhook has an address such as"},
		{"webhook add https://example.com/hook --events birthday", "", 1, "events: \"birthday\" is no event of which webhooks are told"},
		{"webhook add http://127.0.0.1:9/hook --events login,released", "", 0, "its secret, shown only now: whsec_"},
		{"webhook list", "", 0, "http://127.0.0.1:9/hook  login,released  cli"},
		{"webhook test nope", "", 1, "there is no such webhook"},
		{"webhook log nope", "", 1, "there is no such webhook"},
		{"key add wallboard --scope call_center_supervisor --expires 90d", "", 0, "key wallboard is there, shown only now: hdk_"},
		{"key add ana --user 1001 --json", "", 0, "\"user\": \"1001\""},
		{"key add root --scope super_user --expires 2099-12-31 --json", "", 0, "\"domain\": \"\""},
		{"key add old --scope office_manager --expires 2001-01-01", "", 1, "expires_at: this is in the past"},
		{"key add x --scope office_manager --expires soon", "", 1, "\"soon\" is no number of days such as 90d and no day such as"},
		{"key add x --scope boss", "", 1, "scope: a key has a scope"},
		{"key add x --scope basic_user", "", 1, "user: a key of this scope acts for a user: name one"},
		{"key add x --scope basic_user --user 1009", "", 1, "user: there is no user 1009"},
		{"key list", "", 0, "wallboard  call_center_supervisor  acme.test  -     cli"},
		{"key remove nope", "", 1, "there is no such API key"},
		{"number delete +14165550101", "", 0, "is gone"},
		{"trunk delete second", "", 0, "is gone"},
		{"phone delete 80-5e-c0-11-22-33", "", 0, "is gone"},
		{"device delete hall", "", 0, "is gone"},
		{"user delete 1005", "", 0, "is gone"},
		{"user delete 1005", "", 1, "there is no user \"1005\""},
		{"export acme.test --output " + office, "", 0, ""},
		{"apply " + office, "", 0, "0 added, 0 changed, 0 removed"},
		{"export nowhere.test", "", 1, "there is no domain \"nowhere.test\""},
		{"domain add beta.test --country DE --timezone Europe/Berlin", "", 0, "domain beta.test is there"},
		{"user list", "", 1, "there are 2 domains: name one with --domain: acme.test, beta.test"},
		{"user list --domain beta.test", "", 0, "none"},
		{"domain delete beta.test", "", 1, "then say --yes"},
		{"domain delete beta.test --yes", "", 0, "domain beta.test is gone"},
	} {
		args := append(strings.Fields(step.line), "--data", data)
		status, out, errs := hotdesk(t, step.input, args...)
		said := out
		if step.status != 0 {
			said = errs
		}
		if status != step.status || !strings.Contains(said, step.want) {
			t.Errorf("%s: %d\n%s%s\nwant %d: %s", step.line, status, out, errs, step.status, step.want)
		}
	}
	if info, err := os.Stat(office); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export is %v, %v", info, err)
	}
}

func TestNewSecretsAreShownOnce(t *testing.T) {
	t.Parallel()
	data := serve(t)
	if status, _, errs := hotdesk(t, "", "domain", "add", "acme.test", "--country", "CA", "--timezone", "UTC", "--data", data); status != 0 {
		t.Fatal(errs)
	}
	_, out, errs := hotdesk(t, "", "user", "add", "1001", "--name", "Ana", "--pin", "new", "--password", "new", "--json", "--data", data)
	var user struct{ Extension string }
	if err := json.Unmarshal([]byte(out), &user); err != nil || user.Extension != "1001" {
		t.Errorf("standard output is not the user alone: %s", out)
	}
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "The new PIN, shown only now: ") || !strings.HasPrefix(lines[1], "The new password, shown only now: ") {
		t.Errorf("standard error: %s", errs)
	}
	for _, refused := range []string{"user add 1001 --name Ana --pin new", "user set 1009 --pin new", "user set 1001 --pin new --caller-id 12"} {
		status, out, errs := hotdesk(t, "", append(strings.Fields(refused), "--data", data)...)
		if status != 1 || strings.Contains(out+errs, "shown only now") {
			t.Errorf("%s: %d, and shows a PIN that opens nothing: %s%s", refused, status, out, errs)
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"user list", "apply /dev/null", "session end 5401 --domain acme.test", "export acme.test"} {
		status, _, errs := hotdesk(t, "", append(strings.Fields(line), "--data", t.TempDir())...)
		if status != 1 || !strings.Contains(errs, "the server is not running in ") {
			t.Errorf("%s: %d %s", line, status, errs)
		}
	}
}

// Whoever types anything wrong learns what is wrong and where to read on.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"users":                  `unexpected argument users, did you mean "user"?; see "hotdesk --help"`,
		"user":                   `expected one of "list", "add", "set", "unlock", "import", ...; see "hotdesk user --help"`,
		"user add --nam Ana":     `unknown flag --nam, did you mean "--name"?; see "hotdesk user add --help"`,
		"serve --drain 5":        `--drain: expected duration`,
		"serve --edges 10.0.0":   `"10.0.0" is no network and no IP address`,
		"serve --advertise here": `"here" is no IP address that phones could reach`,
		"phone 1002":             `"1002" is no account: write user@server`,
	} {
		status, out, errs := hotdesk(t, "", strings.Fields(line)...)
		if status != 2 || out != "" || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: %d %s%s, want %s", line, status, out, errs, want)
		}
	}
	if status, out, _ := hotdesk(t, ""); status != 0 || !strings.Contains(out, "Commands:") {
		t.Errorf("without a word: %d %s", status, out)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, line := range [][]string{{"--version"}, {"user", "list", "--version"}} {
		if status, out, failed := hotdesk(t, "", line...); status != 0 || strings.TrimSpace(out) != app.Version() || failed != "" {
			t.Errorf("%v: %d %q %q", line, status, out, failed)
		}
	}
}

func TestHelpShowsExamples(t *testing.T) {
	t.Parallel()
	for _, family := range []string{"apply", "export", "domain", "user", "device", "phone", "number", "trunk", "session", "calls", "key", "webhook", "audit", "backup"} {
		showsExamples(t, family)
	}
	_, all, _ := hotdesk(t, "", "--help")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?) `).FindAllStringSubmatch(all, -1) {
		showsExamples(t, strings.Fields(m[1])...)
	}
}

func showsExamples(t *testing.T, command ...string) {
	t.Helper()
	status, out, _ := hotdesk(t, "", append(command, "--help")...)
	if _, examples, _ := strings.Cut(out, "Example"); status != 0 || !strings.Contains(examples, "hotdesk "+strings.Join(command, " ")) {
		t.Errorf("%s --help: %d %s", command, status, out)
	}
}
