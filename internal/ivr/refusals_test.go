package ivr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// sentences holds, by its name in the source, every refusal of the packages
// that decide, and the sentence it is spoken as.
func sentences(now time.Time) map[string]struct {
	err  error
	want string
} {
	return map[string]struct {
		err  error
		want string
	}{
		"hotdesk.ErrSwitchedOff":  {hotdesk.ErrSwitchedOff, "Hot desking is switched off in this office. Please ask your office manager."},
		"hotdesk.ErrNotHotDesk":   {hotdesk.ErrNotHotDesk, "This phone belongs to one person, so nobody else can log in here. Please log in at a shared desk."},
		"hotdesk.ErrNotAllowed":   {hotdesk.ErrNotAllowed, wrongBye},
		"hotdesk.ErrHeld":         {hotdesk.ErrHeld, "Somebody is using this desk. Please choose another desk, or ask that person to log out."},
		"hotdesk.ErrElsewhere":    {hotdesk.ErrElsewhere, "You are logged in at another desk. Please log out there first, then dial again."},
		"hotdesk.ErrTaken":        {hotdesk.ErrTaken, "Somebody else took this desk a moment ago. Please choose another desk."},
		"hotdesk.ErrEnded":        {hotdesk.ErrEnded, "Your session at this desk has just ended. Please dial again to log in."},
		"hotdesk.ErrNoSession":    {hotdesk.ErrNoSession, "Nobody is logged in at this desk. There is nothing to release."},
		"hotdesk.TakenError":      {&hotdesk.TakenError{}, "Somebody is using this desk. Please choose another desk, or ask that person to log out."},
		"hotdesk.TakenError/call": {&hotdesk.TakenError{InCall: true}, "This desk is in a call. Please choose another desk."},
		"hotdesk.ElsewhereError":  {&hotdesk.ElsewhereError{}, "You are logged in at another desk. Please log out there first, then dial again."},
		"login.ErrWrong":          {login.ErrWrong, wrongBye},
		"login.LockedError":       {&login.LockedError{Until: now.Add(14*time.Minute + 1)}, "Too many wrong PINs were entered for this account number. Please try again in fifteen minutes. Your office manager can unlock it sooner."},
		"login.LockedError/past":  {&login.LockedError{Until: now}, "Too many wrong PINs were entered for this account number. Please try again in one minute. Your office manager can unlock it sooner."},
		"login.LockedError/here":  {&login.LockedError{Until: now.Add(time.Minute), Here: true}, "Too many wrong PINs were entered at this desk. Please choose another desk, or try again in one minute. Your office manager can unlock it sooner."},
		"login.LockedError/hours": {&login.LockedError{Until: now.Add(2 * time.Hour)}, "Too many wrong PINs were entered for this account number. Please try again in two hours. Your office manager can unlock it sooner."},
	}
}

func TestEveryRefusalHasItsSentence(t *testing.T) {
	t.Parallel()
	for name, tt := range sentences(newOffice(t).now) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.logins = []error{tt.err}
				logIn(t, o, &caller{answers: map[string][]string{askPIN: {"4711#"}}}, "1001", askPIN, tt.want)
			})
		})
	}
}

func TestARefusedDeskAsksNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hotdesk.ErrSwitchedOff", "hotdesk.ErrNotHotDesk"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t)
			refusal := sentences(o.now)[name]
			o.checked = refusal.err
			logIn(t, o, &caller{}, "", refusal.want)
		})
	}
}

func TestLockOutIsWrittenDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		locked := sentences(o.now)["login.LockedError"]
		o.pin = locked.err
		logIn(t, o, &caller{answers: rightKeys()}, "", askAccount, askPIN, locked.want)
		if len(o.refused) != 1 || o.refused[0] != "1001 locked" {
			t.Errorf("written down %q", o.refused)
		}
	})
}

// A refusal that somebody adds to the packages that decide must get a
// sentence.
func TestNoRefusalIsMissing(t *testing.T) {
	t.Parallel()
	known := sentences(time.Time{})
	silent := []string{"login.ErrSignedOut", "login.ErrLink", "login.ErrBadKey", "login.ErrNoKey", "login.KeyError"} // met by browsers and programs only
	for _, pkg := range []string{"hotdesk", "login"} {
		found := 0
		for _, name := range errorsOf(t, filepath.Join("..", pkg)) {
			found++
			if _, ok := known[pkg+"."+name]; !ok && !slices.Contains(silent, pkg+"."+name) {
				t.Errorf("%s.%s has no sentence", pkg, name)
			}
		}
		if found == 0 {
			t.Errorf("no errors found in %s", pkg)
		}
	}
}

// errorsOf lists the exported error values and types of a package.
func errorsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name := range parsed.Scope.Objects {
			if ast.IsExported(name) && (strings.HasPrefix(name, "Err") || strings.HasSuffix(name, "Error")) {
				names = append(names, name)
			}
		}
	}
	return names
}
