package officefile_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

// disk is a store of whole offices, for one server.
type disk map[string]directory.Office

func (d disk) Offices(context.Context) ([]directory.Office, error) { return nil, nil }

func (d disk) Office(_ context.Context, id string) (directory.Office, error) { return d[id], nil }

func (d disk) Save(_ context.Context, c directory.Change) error {
	d[c.Domain.ID] = directory.Office{Domain: c.Domain}
	return nil
}

func open(tb testing.TB) *directory.Service {
	tb.Helper()
	now := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	s, err := directory.Open(tb.Context(), disk{}, &events.Bus{}, now)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func sample(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile("testdata/office.toml")
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func read(tb testing.TB, text string) officefile.Plan {
	tb.Helper()
	plan, problems := officefile.Read(strings.NewReader(text))
	if len(problems) > 0 {
		tb.Fatalf("Read: %v", problems)
	}
	return plan
}

func apply(tb testing.TB, dir *directory.Service, text string) officefile.Result {
	tb.Helper()
	result, err := officefile.Apply(tb.Context(), dir, directory.CLI(), read(tb, text))
	if err != nil {
		tb.Fatalf("Apply: %v", err)
	}
	return result
}

func office(tb testing.TB, dir *directory.Service) directory.Office {
	tb.Helper()
	d, _ := dir.DomainByName("acme.test")
	o, ok := dir.Office(d.ID)
	if !ok {
		tb.Fatal("the office is not there")
	}
	return o
}

func TestApplyMakesTheOffice(t *testing.T) {
	t.Parallel()
	dir := open(t)
	result := apply(t, dir, sample(t))
	want := []string{
		"domain acme.test", "user 1001 (Ana Ruiz)", "user 1002 (Ben Ode)", "user 5401 (Window 1)",
		"device 5401", "device ben", "device spare", "phone 80:5e:c0:11:22:33",
		"number +14165550199", "trunk carrier",
	}
	if !slices.Equal(result.Added, want) || result.Changed != nil || len(result.Removed) != 0 {
		t.Errorf("the result is %+v", result)
	}
	o := office(t, dir)
	ana, desk, spare := o.UserByExtension("1001"), o.DeviceByName("5401"), o.DeviceByName("spare")
	if !credential.Verify("4711", ana.PINHash) || !credential.Verify("portal-password", ana.PasswordHash) || ana.Scope != directory.ScopeCallCenterAgent {
		t.Errorf("user 1001 is %+v", ana)
	}
	if ben := o.UserByExtension("1002"); !ben.NoHotDesking || ben.Disabled || ben.Scope != directory.ScopeBasicUser {
		t.Errorf("user 1002 is %+v", ben)
	}
	if md5, _ := credential.HA1("5401", "acme.test", "sip-secret"); desk.HA1MD5 != md5 || desk.OwnerID != o.UserByExtension("5401").ID || spare.OwnerID != "" {
		t.Errorf("the devices are %+v and %+v", desk, spare)
	}
	if len(result.Passwords) != 1 || result.Passwords[0].Device != "spare" || len(result.Passwords[0].Password) < 20 {
		t.Fatalf("the generated passwords are %v", result.Passwords)
	}
	if md5, _ := credential.HA1("spare", "acme.test", result.Passwords[0].Password); spare.HA1MD5 != md5 {
		t.Error("the password shown is not the one stored")
	}
	if h := o.Domain.HotDesking; h.ReleaseAt.String() != "03:30" || h.WhenTaken != directory.TakenConfirm || h.LoginCode != "*88" || !h.ActivatePhone {
		t.Errorf("the policy is %+v", h)
	}
}

func TestApplyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	dir := open(t)
	apply(t, dir, sample(t))
	before := office(t, dir)
	result := apply(t, dir, sample(t))
	if len(result.Added)+len(result.Changed)+len(result.Removed)+len(result.Passwords) != 0 {
		t.Errorf("the second time did %+v", result)
	}
	if after := office(t, dir); !cmp.Equal(before, after) {
		t.Errorf("the office changed: %s", cmp.Diff(before, after))
	}
}

func TestApplyChangesAndRemoves(t *testing.T) {
	t.Parallel()
	dir := open(t)
	apply(t, dir, sample(t))
	before := office(t, dir)
	text := strings.NewReplacer(
		`pin = "4711"`, `pin = "8302"`,
		`name = "Ben Ode"`, `name = "Ben Ode-Meyer"`,
		`password = "portal-password"`, ``, // stays as it is
		"[[device]]\nname = \"spare\"", "",
		`mac = "80:5e:c0:11:22:33"`, `mac = "80:5e:c0:11:22:34"`,
	).Replace(sample(t))
	dry, err := officefile.Try(dir, directory.CLI(), read(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if now := office(t, dir); !cmp.Equal(now, before) {
		t.Error("the dry run changed the office")
	}
	result := apply(t, dir, text)
	if !cmp.Equal(dry, result) {
		t.Errorf("the dry run promised something else: %s", cmp.Diff(dry, result))
	}
	want := officefile.Result{
		Domain: "acme.test", Added: []string{"phone 80:5e:c0:11:22:34"},
		Changed: []string{"user 1001 (Ana Ruiz)", "user 1002 (Ben Ode-Meyer)"},
		Removed: []string{"device spare", "phone 80:5e:c0:11:22:33"},
	}
	if !cmp.Equal(result, want) {
		t.Errorf("the result differs: %s", cmp.Diff(want, result))
	}
	ana := office(t, dir).Users[0]
	if !credential.Verify("8302", ana.PINHash) || ana.PasswordHash != before.Users[0].PasswordHash || ana.ID != before.Users[0].ID {
		t.Errorf("user 1001 is %+v", ana)
	}
	apply(t, dir, strings.Replace(text, `pin = "8302"`, `pin = ""`, 1))
	if office(t, dir).Users[0].PINHash != "" {
		t.Error("an empty PIN did not take the PIN away")
	}
}

func TestExportAndApplyMakeTheSameOffice(t *testing.T) {
	t.Parallel()
	dir := open(t)
	apply(t, dir, sample(t))
	_, err := dir.Edit(t.Context(), directory.CLI(), office(t, dir).Domain.ID, func(o *directory.Office) error {
		o.UserByExtension("1002").Disabled = true
		o.UserByExtension("1002").Name = `Ben "the \ ghost" Öde 🙂`
		o.DeviceByName("spare").Disabled = true
		o.Domain.Default = true
		o.Domain.HotDesking.ReleaseAt = directory.ClockTime{}
		o.Domain.HotDesking.DeskRange.Last = "5450"
		o.UserByExtension("1001").Answering = directory.Answering{
			RingSeconds: 30, ForwardAll: "1002", ForwardBusy: "+14165550198", RingHereOnly: true, NoMailbox: true, MailboxWithoutPIN: true,
		}
		o.Numbers = append(o.Numbers, directory.Number{Number: "+14165550198"})
		o.Trunks = append(o.Trunks, directory.Trunk{Name: "spare", Host: "192.0.2.7:5080", Transport: "tcp", Priority: 10, Disabled: true})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before := office(t, dir)
	text := export(t, before)
	for _, secret := range []string{"4711", "portal-password", "sip-secret", "mail-password", "trunk-password", "sign-on-secret"} {
		if strings.Contains(text, `"`+secret+`"`) {
			t.Errorf("the export shows %q", secret)
		}
	}
	if result := apply(t, dir, text); len(result.Added)+len(result.Changed)+len(result.Removed) != 0 {
		t.Errorf("applying the export did %+v\n%s", result, text)
	}
	const fix = "the password is missing"
	if problems := refused(t, text); len(problems) != 2 || !strings.Contains(problems[0].Wrong, fix) || !strings.Contains(problems[1].Wrong, fix) {
		t.Errorf("passwords that the export does not hold: %v", problems)
	}
	other := open(t)
	apply(t, other, strings.NewReplacer(`user = "phone"`, `user = "phone"`+"\npassword = \"mail-password\"",
		`user = "acme-42"`, `user = "acme-42"`+"\npassword = \"trunk-password\"").Replace(text))
	o := office(t, other)
	if o.Domain.Mail != before.Domain.Mail || o.Trunks[0].Password != "trunk-password" || !o.Trunks[1].Disabled || o.Domain.Codes != before.Domain.Codes {
		t.Errorf("on another server: %+v, %+v", o.Domain, o.Trunks)
	}
	if again := export(t, office(t, other)); again != text {
		t.Errorf("on another server the office is another: %s", cmp.Diff(text, again))
	}
}

func export(tb testing.TB, o directory.Office) string {
	tb.Helper()
	var b bytes.Buffer
	if err := officefile.Write(&b, o); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestMistakes breaks the sample at one place at a time: old text, new text,
// and the words that the problem must have, on the line where the new text ends.
func TestMistakes(t *testing.T) {
	t.Parallel()
	good := sample(t)
	for _, c := range []struct{ old, text, wrong string }{
		{`name = "acme.test"`, `name = "acme.test`, "TOML"},
		{`name = "acme.test"`, `name = "acme test"`, `"acme test" is no domain name`},
		{`name = "acme.test"`, `nane = "acme.test"`, "did you mean name?"},
		{`timezone = "America/Toronto"`, `timezone = "Toronto"`, "no time zone"},
		{`country = "CA"`, `country = "CAN"`, "no country"},
		{`country = "CA"`, `country = 1`, `country is a whole number, not text; write it in quotes: country = "1"`},
		{`enabled = true`, `enabled = "yes"`, "enabled is text, not true or false"},
		{`enabled = true`, `enabeld = true`, "did you mean enabled?"},
		{`release_at = "03:30"`, `release_at = "3:30"`, "no time of day"},
		{`release_at = "03:30"`, `release_at = 03:30:00`, "release_at is a value of another kind, not text"},
		{`desk_range = "5400-5499"`, `desk_range = "5499-5400"`, "no range of extensions"},
		{`when_taken = "confirm"`, `when_taken = "ask"`, `"ask" is not known`},
		{`max_hours = 12`, `max_hours = -1`, "out of bounds"},
		{`max_hours = 12`, `max_hours = 99999999999999`, "not a whole number"},
		{`release_code = "*89"`, `release_code = "*88"`, "already"},
		{`pin = "4711"`, `pin = 4711`, `write it in quotes: pin = "4711"`},
		{`pin = "4711"`, `pin = "1234"`, "counts up or down"},
		{`pin = "4711"`, `pin = "1001"`, "must not be the extension"},
		{`pin = "4711"`, `pin_hash = "4711"`, "no argon2id hash"},
		{`pin = "4711"`, `pim = "4711"`, "did you mean pin?"},
		{`password = "portal-password"`, `password = "short"`, "8 to 256"},
		{`password = "portal-password"`, `password = "portal-password"` + "\nfavourite_colour = 1", "remove it; known are extension, name"},
		{`extension = "1001"`, `extension = "911"`, "emergency number"},
		{`extension = "1002"`, `extension = "1001"`, "extension of Ana Ruiz already"},
		{`caller_id = "+14165550101"`, `caller_id = "555"`, "no public number"},
		{`scope = "call_center_agent"`, `scope = "agent"`, "no scope"},
		{`place = "Floor 5, window side, 100 King St W, Toronto"`, `pin = "4711"`, "desk account has no PIN"},
		{`name = "5401"`, `name = "ben"`, "there is a device ben already"},
		{`password = "sip-secret"`, `password = "x"`, "8 to 128"},
		{`password = "sip-secret"`, `ha1_md5 = "x"`, "no HA1"},
		{`mac = "80:5e:c0:11:22:33"`, `mac = "80:5e:c0:11:22"`, "no MAC address"},
		{`devices = ["5401"]`, `devices = ["5402"]`, `there is no device "5402"`},
		{`devices = ["5401"]`, `devices = [5401]`, "devices holds a whole number"},
		{`devices = ["5401"]`, `devices = "5401"`, "devices is text, not a list"},
		{`[[phone]]`, `[[telephone]]`, `the file has no key "telephone"`},
		{`[[phone]]`, `[phone]`, "there can be many"},
		{`[[device]]`, `[[user]]`, "the extension is missing"},
		{`[domain.hot_desking]`, `[domain.hotdesking]`, "did you mean hot_desking?"},
		{`main_number = "+14165550100"`, `main_number = "555"`, "no public number"},
		{`keep_calls = 365`, `keep_calls = -1`, "out of bounds"},
		{`warn_minutes = 10`, `warn_minutes = 100`, "out of bounds"},
		{`withhold = ""`, `withhold = "*729"`, "could be codes.forward_all"},
		{`park = "*70"`, `park = "*88"`, `"*88" is hot_desking.login_code already`},
		{`park = "*70"`, `park = "70"`, "no star code"},
		{`park = "*70"`, `parc = "*70"`, "did you mean park?"},
		{`max_messages = 50`, `max_messages = 0`, "out of bounds"},
		{`max_messages = 50`, `max_message = 50`, "did you mean max_messages?"},
		{`desk_class = "national"`, `desk_class = "some"`, "no class of service"},
		{`desk_class = "national"`, `premium = "no"`, "not true or false"},
		{`notify_extension = "5401"`, `notify_extension = "1003"`, "nobody has the extension"},
		{`notify_email = "security@acme.test"`, `notify_email = "security"`, "no e-mail address"},
		{`address = "smtp.acme.test:587"`, `address = "smtp.acme.test"`, "no host and port"},
		{`from = "phone@acme.test"`, `from = "phone"`, "no e-mail address"},
		{`ring_seconds = 40`, `ring_seconds = 1`, "out of bounds"},
		{`ring_seconds = 40`, `ring_seconds = "40"`, "not a whole number"},
		{`forward_no_answer = "1002"`, `forward_no_answer = "1001"`, "would come back"},
		{`class = "all"`, `class = "most"`, "no class of service"},
		{`mailbox_pin = false`, `mailbox_pin = "no"`, "not true or false"},
		{`number = "+1 (416) 555-0199"`, `number = "911"`, "no public number"},
		{`user = "1001"`, `user = "1009"`, "the user does not exist"},
		{`user = "1001"`, "user = \"1001\"\n[[number]]\nnumber = \"+14165550199\"", "is there already"},
		{`name = "carrier"`, `name = "my carrier"`, "no name of a trunk"},
		{`host = "sip.carrier.example"`, `host = "sip carrier"`, "no host"},
		{`host = "sip.carrier.example"`, `transport = "tls"`, `"tls" is not known`},
		{`user = "acme-42"`, `priority = -1`, "out of bounds"},
		{`max_calls = 30`, `max_calls = "30"`, "not a whole number"},
		{`[[trunk]]`, `[[trunks]]`, "did you mean trunk?"},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			if strings.Count(good, c.old) != 1 {
				t.Fatalf("%q stands %d times in the sample", c.old, strings.Count(good, c.old))
			}
			text := strings.Replace(good, c.old, c.text, 1)
			want := 1 + strings.Count(good[:strings.Index(good, c.old)]+c.text, "\n")
			problems := refused(t, text)
			for _, p := range problems {
				if p.Line == want && strings.Contains(p.String(), c.wrong) && p.Fix != "" {
					return
				}
			}
			t.Errorf("problems %v, want line %d: %s", problems, want, c.wrong)
		})
	}
}

// refused reads and applies a text that must be refused.
func refused(t *testing.T, text string) []officefile.Problem {
	t.Helper()
	plan, _ := officefile.Read(strings.NewReader(text))
	dir := open(t)
	_, err := officefile.Apply(t.Context(), dir, directory.CLI(), plan)
	var e *officefile.ProblemsError
	if !asProblems(err, &e) {
		t.Fatalf("the file was taken, or failed otherwise: %v", err)
	}
	if len(dir.Domains()) != 0 {
		t.Error("a refused file left something")
	}
	return e.Problems
}

func asProblems(err error, to **officefile.ProblemsError) bool {
	e, ok := err.(*officefile.ProblemsError) //nolint:errorlint // Apply promises this very type
	*to = e
	return ok
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(`pin = "4711"`, `pin = "1111"`, `"CA"`, `"XX"`, `"sip-secret"`, `"x"`, `"80:5e:c0:11:22:33"`, `"80"`).Replace(sample(t))
	problems := refused(t, text)
	if len(problems) != 4 || !slices.IsSortedFunc(problems, func(a, b officefile.Problem) int { return a.Line - b.Line }) {
		t.Errorf("problems: %v", problems)
	}
	mixed := strings.NewReplacer(`pin = "4711"`, `pin = 4711`, `"CA"`, `"XX"`, `name = "5401"`, `nam = "5401"`, `name = "ben"`, `name = "b n"`).Replace(sample(t))
	if problems := refused(t, mixed); len(problems) != 3 {
		t.Errorf("problems of form and of rules: %v", problems)
	}
	mixed = strings.NewReplacer(`max_hours = 12`, `max_hour = 12`, `"*89"`, `"*88"`, `caller_id = "+14165550101"`, `caller_id = 1`, `extension = "1001"`, `extension = "1"`).Replace(sample(t))
	if problems := refused(t, mixed); len(problems) != 4 {
		t.Errorf("problems of form and of rules in the same tables: %v", problems)
	}
	for _, text := range []string{"", "x = 1\ny = [[1, 2], {a = 3}]", "domain = 1", "user = [1]\n[domain]"} {
		if len(refused(t, text)) == 0 {
			t.Errorf("%q was taken", text)
		}
	}
	if err := (&officefile.ProblemsError{Problems: problems[:2]}).Error(); !strings.HasPrefix(err, "line 5: country") {
		t.Errorf("the error reads %q", err)
	}
}

func TestInlineAndDottedSpelling(t *testing.T) {
	t.Parallel()
	text := `domain.name = "acme.test"
domain . timezone = 'America/Toronto'
domain = { }`
	if _, problems := officefile.Read(strings.NewReader(text)); len(problems) != 1 || problems[0].Line != 3 {
		t.Errorf("problems: %v", problems)
	}
	plan := read(t, `domain.name = "acme.test"
domain . timezone = 'America/Toronto'
"domain".country = "CA"
domain.hot_desking.max_hours = 0x10
user = [
  { extension = "5401", name = "Window", device = [ { name = "5401" } ] },
]
`)
	dir := open(t)
	if _, err := officefile.Apply(t.Context(), dir, directory.CLI(), plan); err != nil {
		t.Fatal(err)
	}
	if o := office(t, dir); o.Domain.HotDesking.MaxHours != 16 || len(o.Devices) != 1 {
		t.Errorf("the office is %+v", o)
	}
}

func BenchmarkApply(b *testing.B) {
	var text strings.Builder
	text.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"UTC\"\ncountry = \"CA\"\n")
	for n := range 10000 {
		_, _ = fmt.Fprintf(&text, "[[user]]\nextension = \"%d\"\nname = \"N\"\n[[user.device]]\nname = \"%d\"\npassword = \"sip-secret\"\n", 10000+n, 10000+n)
	}
	for b.Loop() {
		dir := open(b)
		apply(b, dir, text.String())
		apply(b, dir, text.String())
	}
}
