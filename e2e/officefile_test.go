package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goodOffice has one of everything; each mistake below breaks a line of it.
const goodOffice = `[domain]
name = "acme.test"
timezone = "America/Toronto"
country = "CA"
[domain.hot_desking]
desk_range = "5400-5499"
login_code = "*88"
release_code = "*89"
release_at = "02:00"
max_hours = 12
when_taken = "refuse"
when_elsewhere = "move"
[[user]]
extension = "1001"
name = "Ana Ruiz"
scope = "call_center_agent"
pin = "4711"
caller_id = "+14165550101"
email = "ana@acme.test"
  [[user.device]]
  name = "ana-mobile"
  password = "secret-of-ana-mobile"
[[user]]
extension = "5401"
name = "Window 1"
  [[user.device]]
  name = "5401"
  password = "secret-of-5401"
[[device]]
name = "spare"
password = "secret-of-spare"
[[phone]]
mac = "80:5e:c0:11:22:33"
model = "Yealink T54W"
devices = ["5401"]
[[number]]
number = "+14165550199"
user = "1001"
[[trunk]]
name = "carrier"
host = "sip.carrier.example"
register = true
user = "acme"
password = "secret-of-the-carrier"
`

// mistake replaces a text of the good office. The error must name the line on
// which at stands then, and say the words.
type mistake struct {
	what, old, replacement string
	at                     string
	says                   []string
}

func mistakes() []mistake {
	return []mistake{
		{"no TOML", `name = "Ana Ruiz"`, `name = "Ana Ruiz`, `"Ana Ruiz`, []string{"no TOML"}},
		{"a key without a value", `max_hours = 12`, `max_hours =`, `max_hours =`, []string{"no TOML"}},
		{"a key twice", `country = "CA"`, "country = \"CA\"\ncountry = \"DE\"", `country = "DE"`, []string{"country"}},
		{"a table twice", "[domain.hot_desking]", "[domain]", "", []string{"domain"}},
		{"an unknown key", `max_hours = 12`, `max_hour = 12`, `max_hour = 12`, []string{`no key "max_hour"`, "did you mean max_hours?"}},
		{"an unknown table", `[[phone]]`, `[[phones]]`, `[[phones]]`, []string{`no key "phones"`, "did you mean phone?"}},
		{"one bracket too few", `[[phone]]`, `[phone]`, `[phone]`, []string{"two brackets: [[phone]]"}},
		{"a number without quotation marks", `extension = "1001"`, `extension = 1001`, `extension = 1001`, []string{"not text", `extension = "1001"`}},
		{"a number in quotation marks", `max_hours = 12`, `max_hours = "12"`, `max_hours = "12"`, []string{"not a whole number"}},
		{"a text for a flag", `scope = "call_center_agent"`, `disabled = "yes"`, `disabled = "yes"`, []string{"not true or false"}},
		{"a text for a list", `devices = ["5401"]`, `devices = "5401"`, `devices = "5401"`, []string{"not a list"}},
		{"a list of numbers", `devices = ["5401"]`, `devices = [5401]`, `devices = [5401]`, []string{"a list of texts"}},
		{"no domain name", `name = "acme.test"`, ``, `[domain]`, []string{"the domain's name is missing"}},
		{"a domain name of words", `name = "acme.test"`, `name = "Acme Inc."`, `name = "Acme Inc."`, []string{"is no domain name", `"acme.test"`}},
		{"no time zone", `timezone = "America/Toronto"`, ``, `[domain]`, []string{"the time zone is missing", "America/Toronto"}},
		{"an unknown time zone", `timezone = "America/Toronto"`, `timezone = "EST5"`, `timezone = "EST5"`, []string{`"EST5" is no time zone`, "America/Toronto"}},
		{"an unknown country", `country = "CA"`, `country = "Canada"`, `country = "Canada"`, []string{`is no country`, `"CA"`}},
		{"a range backwards", `"5400-5499"`, `"5499-5400"`, `"5499-5400"`, []string{"is no range of extensions", `"5400-5499"`}},
		{"a code without a star", `"*88"`, `"88"`, `login_code = "88"`, []string{`"88" is no star code`, `"*88"`}},
		{"one code for two things", `"*89"`, `"*88"`, `release_code = "*88"`, []string{"already", "choose another code"}},
		{"a time that does not exist", `"02:00"`, `"26:00"`, `"26:00"`, []string{"26:00"}},
		{"too many hours", `max_hours = 12`, `max_hours = -1`, `max_hours = -1`, []string{"-1 is out of bounds"}},
		{"an unknown policy", `when_taken = "refuse"`, `when_taken = "ask"`, `when_taken = "ask"`, []string{`"ask" is not known`, `"confirm"`}},
		{"another unknown policy", `when_elsewhere = "move"`, `when_elsewhere = "stay"`, `when_elsewhere = "stay"`, []string{`"stay" is not known`, `"deny"`}},
		{"no extension", `extension = "1001"`, ``, `[[user]]`, []string{"the extension is missing"}},
		{"an extension of letters", `extension = "1001"`, `extension = "10o1"`, `extension = "10o1"`, []string{`"10o1" is no extension`}},
		{"an emergency number as extension", `extension = "1001"`, `extension = "911"`, `extension = "911"`, []string{"911 is an emergency number"}},
		{"an extension twice", `extension = "5401"`, `extension = "1001" # too`, `extension = "1001" # too`, []string{"1001 is the extension of Ana Ruiz already"}},
		{"no name", `name = "Ana Ruiz"`, ``, `[[user]]`, []string{"the name is missing"}},
		{"a name of two lines", `name = "Ana Ruiz"`, `name = "Ana\r\nVia: x"`, `name = "Ana\r\nVia: x"`, []string{"a line break"}},
		{"an unknown scope", `"call_center_agent"`, `"king"`, `scope = "king"`, []string{`"king" is no scope`, "basic_user"}},
		{"a PIN too short", `pin = "4711"`, `pin = "471"`, `pin = "471"`, []string{"4 to 10 digits"}},
		{"a PIN that everybody guesses", `pin = "4711"`, `pin = "1234"`, `pin = "1234"`, []string{"nobody guesses"}},
		{"the extension as PIN", `pin = "4711"`, `pin = "1001"`, `pin = "1001"`, []string{"nobody guesses"}},
		{"a PIN and its hash", `pin = "4711"`, "pin = \"4711\"\npin_hash = \"x\"", `pin_hash`, []string{"both given"}},
		{"a hash that is none", `pin = "4711"`, `pin_hash = "4711"`, `pin_hash`, []string{"no argon2id hash"}},
		{"a PIN of a desk account", `name = "Window 1"`, "name = \"Window 1\"\npin = \"4711\" # too", `pin = "4711" # too`, []string{"desk range", "PIN"}},
		{"a caller ID without country", `"+14165550101"`, `"416-555-0101"`, `caller_id`, []string{"no public number", "+14165550101"}},
		{"an e-mail address without a host", `"ana@acme.test"`, `"ana"`, `email`, []string{"no e-mail address"}},
		{"a device name with blanks", `name = "spare"`, `name = "my phone"`, `name = "my phone"`, []string{`"my phone" is no device name`}},
		{"a device twice", `name = "spare"`, `name = "5401" # too`, `name = "5401" # too`, []string{"there is a device 5401 already"}},
		{"a password too short", `"secret-of-spare"`, `"spare"`, `password = "spare"`, []string{"8 to 128"}},
		{"an address that is no MAC address", `"80:5e:c0:11:22:33"`, `"80:5e:c0:11:22"`, `mac =`, []string{"no MAC address", "label"}},
		{"a phone with a device there is not", `["5401"]`, `["5409"]`, `devices =`, []string{`there is no device "5409"`}},
		{"a device on one phone twice", `["5401"]`, `["5401", "5401"]`, `devices =`, []string{"already"}},
		{"a code that begins another", `max_hours = 12`, "[domain.codes]\nwithhold = \"*7\"", `withhold = "*7"`, []string{"could be codes.forward_all"}},
		{"a forward for help", `scope = "call_center_agent"`, `forward_all = "911"`, `forward_all`, []string{"only a person may call for help"}},
		{"a number of nobody", `user = "1001"`, `user = "1009"`, `user = "1009"`, []string{"the user does not exist"}},
		{"a number twice", `user = "1001"`, "[[number]]\nnumber = \"+14165550199\" # too", `number = "+14165550199" # too`, []string{"is there already"}},
		{"a trunk without a host", `host = "sip.carrier.example"`, ``, `[[trunk]]`, []string{"the carrier's host is missing"}},
		{"a trunk without a user", `user = "acme"`, ``, `[[trunk]]`, []string{"no user name"}},
		{"a device on two phones", `[[phone]]`, "[[phone]]\nmac = \"80:5e:c0:11:22:34\"\ndevices = [\"5401\"] # too\n[[phone]]", `devices = ["5401"]`, []string{"is on phone", "one phone only"}},
	}
}

// lineOf is the line a text begins on, from 1, and 0 where the text is "".
func lineOf(file, text string) int {
	before, _, _ := strings.Cut(file, text)
	if text == "" {
		return 0
	}
	return strings.Count(before, "\n") + 1
}

func TestMistakesInOfficeFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, goodOffice)
	exported := s.hotdesk(t, "export", "acme.test")
	for _, m := range mistakes() {
		t.Run(m.what, func(t *testing.T) {
			if strings.Count(goodOffice, m.old) != 1 {
				t.Fatalf("%q is not in the office once", m.old)
			}
			file := strings.Replace(goodOffice, m.old, m.replacement, 1)
			name, out := s.misapply(t, file)
			place := fmt.Sprintf("%s:%d: ", name, lineOf(file, m.at))
			if m.at == "" {
				place = name + ":"
			}
			said := ""
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, place) {
					said += line
				}
			}
			for _, word := range m.says {
				if !strings.Contains(said, word) {
					t.Errorf("%q is not said at %s:\n%s", word, place, out)
				}
			}
			if !strings.Contains(out, "nothing was changed") {
				t.Errorf("it does not say that nothing was changed:\n%s", out)
			}
		})
	}
	if now := s.hotdesk(t, "export", "acme.test"); now != exported {
		t.Errorf("the office has changed from\n%s\nto\n%s", exported, now)
	}
	s.isWhole(t)
}

// misapply applies a file that must be refused, and returns its name and what
// is said of it.
func (s *server) misapply(t *testing.T, office string) (name, out string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "office.toml")
	if err := os.WriteFile(name, []byte(office), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := s.try(t, "apply", name)
	if err == nil || err.Error() != "exit status 1" {
		t.Errorf("ended with %v, wanted exit status 1", err)
	}
	return name, out
}

func TestAllMistakesOfAnOfficeFileAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	broken := []mistake{
		{"", `timezone = "America/Toronto"`, `timezone = "EST5"`, "", []string{"is no time zone"}},
		{"", `country = "CA"`, `country = "Canada"`, "", []string{"is no country"}},
		{"", `"*89"`, `"*88"`, "", []string{"choose another code"}},
		{"", `max_hours = 12`, `max_hour = 12`, "", []string{"did you mean max_hours?"}},
		{"", `extension = "1001"`, `extension = "10o1"`, "", []string{"is no extension"}},
		{"", `pin = "4711"`, `pin = "1234"`, "", []string{"nobody guesses"}},
		{"", `caller_id = "+14165550101"`, `caller_id = 14165550101`, "", []string{"not text"}},
		{"", `"secret-of-spare"`, `"short"`, "", []string{"8 to 128"}},
		{"", `devices = ["5401"]`, `devices = ["5409"]`, "", []string{`no device "5409"`}},
	}
	file := goodOffice
	for _, m := range broken {
		file = strings.Replace(file, m.old, m.replacement, 1)
	}
	name, out := s.misapply(t, file)
	if n := strings.Count(out, "\n"+name+":"); n != len(broken) {
		t.Errorf("%d mistakes are told, not %d", n, len(broken))
	}
	for _, m := range broken {
		if !strings.Contains(out, m.says[0]) {
			t.Errorf("%q is not said", m.says[0])
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestOfficeFilesThatAreNone(t *testing.T) {
	t.Parallel()
	s := start(t)
	for what, file := range map[string]string{
		"empty": "", "binary": "\x00\xff\x7fELF", "a picture of one": strings.Repeat("\x89PNG\r\n\x1a\n", 1000), "UTF-16": "\xff\xfe[\x00d\x00o\x00m\x00a\x00i\x00n\x00]\x00",
		"one line for ever": "a = \"" + strings.Repeat("x", 5<<20), "brackets": strings.Repeat("[", 1<<20), "nested": "a = " + strings.Repeat("[", 200000), "nested tables": "a = " + strings.Repeat("{a=", 100000),
		"long key":      strings.Repeat("a.", 100000) + "a = 1",
		"many mistakes": "[domain]\nname=\"acme.test\"\n" + strings.Repeat("[[user]]\n", 20000),
	} {
		t.Run(what, func(t *testing.T) {
			name, out := s.misapply(t, file)
			if !strings.Contains(out, name+":") {
				t.Errorf("no line is named:\n%.1000s", out)
			}
		})
	}
	out, err := s.try(t, "apply", filepath.Join(t.TempDir(), "none.toml"))
	if err == nil || !strings.Contains(out, "none.toml") {
		t.Errorf("a file that is not there: %v\n%s", err, out)
	}
	if domains := s.hotdesk(t, "domain", "list"); strings.Contains(domains, "acme.test") {
		t.Errorf("a domain was made:\n%s", domains)
	}
	s.isWhole(t)
}
