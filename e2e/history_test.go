package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// calls lists calls by the command line, the oldest first, once all are over.
func (s *server) calls(t *testing.T, args ...string) []resource.Call {
	t.Helper()
	var all []resource.Call
	eventually(t, "all calls are over", func() bool {
		out := s.hotdesk(t, append([]string{"calls", "list", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return !slices.ContainsFunc(all, func(c resource.Call) bool { return c.EndedAt == nil })
	})
	slices.Reverse(all)
	return all
}

// workingDay makes calls with 1001 away from, at, and after leaving the desk 5401.
func workingDay(t *testing.T, s *server) {
	t.Helper()
	desk, mobile := realphone.StartBaresip(t, s.account("5401")), realphone.StartBaresip(t, s.account("ana-mobile"))
	ben := realphone.StartLinphone(t, s.account("1002"))
	for _, phone := range []realphone.Phone{desk, mobile, ben} {
		phone.AwaitRegistered(t)
	}
	talk := func(from, to realphone.Phone, number string) {
		t.Helper()
		from.Dial(t, number)
		to.Await(t, realphone.Incoming)
		to.Answer(t)
		from.Await(t, realphone.Established)
		from.Hangup(t)
		to.Await(t, realphone.Idle)
	}
	ben.Dial(t, "1001") // missed
	mobile.Await(t, realphone.Incoming)
	ben.Hangup(t)
	mobile.Await(t, realphone.Idle)
	logIn(t, desk, "1001", "4711")
	talk(ben, desk, "1001")
	mobile.Await(t, realphone.Idle)
	talk(desk, ben, "1002")
	desk.Dial(t, "*89")
	desk.Await(t, realphone.Established)
	desk.Await(t, realphone.Idle)
	talk(desk, ben, "1002") // the desk account's
	talk(ben, mobile, "1001")
}

func TestHistoryOfPersonAndDesk(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	workingDay(t, s)

	describe := func(c resource.Call) string {
		return fmt.Sprintf("%s %s->%s@%s", c.Caller.Number, c.Caller.Device, c.Dialled, c.Callee.Device)
	}
	check := func(what string, got []resource.Call, want ...string) {
		t.Helper()
		var lines []string
		for _, c := range got {
			line := describe(c)
			if v := c.View; v != nil {
				line += " " + v.Direction + " " + v.Outcome
				if atDesk := v.Own.Session != ""; atDesk {
					line += " at desk " + v.Own.Device
				}
			}
			lines = append(lines, line)
		}
		if !slices.Equal(lines, want) {
			t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	}
	all := []string{
		"1002 1002->1001@", "5401 5401->*88@", "1002 1002->1001@5401", "1001 5401->1002@1002",
		"1001 5401->*89@", "5401 5401->1002@1002", "1002 1002->1001@ana-mobile",
	}
	check("the domain", s.calls(t), all...)
	check("the person", s.calls(t, "--user", "1001"),
		all[0]+" inbound missed", all[2]+" inbound answered at desk 5401", all[3]+" outbound answered at desk 5401",
		all[4]+" outbound service at desk 5401", all[6]+" inbound answered")
	check("what the person missed", s.calls(t, "--user", "1001", "--direction", "missed"), all[0]+" inbound missed")
	check("the desk", s.calls(t, "--device", "5401"), all[1], all[2], all[3], all[4], all[5])
	check("the other person", s.calls(t, "--user", "1002", "--result", "answered"),
		all[2]+" outbound answered", all[3]+" inbound answered", all[5]+" inbound answered", all[6]+" outbound answered")
	historyFile(t, s)

	s.hotdesk(t, "user", "delete", "1001")
	s.hotdesk(t, "device", "delete", "5401")
	if list := s.hotdesk(t, "calls", "list", "--text", "ana ruiz"); strings.Count(list, "Ana Ruiz") != 5 || strings.Count(list, "5401") < 3 {
		t.Errorf("the calls of somebody who is gone, at a desk that is gone:\n%s", list)
	}
}

// historyFile parses the exports back.
func historyFile(t *testing.T, s *server) {
	t.Helper()
	rows := func(args ...string) (rows []map[string]string) {
		text, marked := strings.CutPrefix(s.hotdesk(t, append([]string{"calls", "export"}, args...)...), "\uFEFF")
		lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || !marked {
			t.Fatalf("%v: %s", err, text)
		}
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, name := range lines[0] {
				row[name] = line[i]
			}
			rows = append(rows, row)
		}
		return rows
	}
	ids := map[string]bool{}
	for _, row := range rows() {
		ids[row["id"]] = true
	}
	if len(ids) != 7 {
		t.Errorf("%d calls in the file", len(ids))
	}
	taken := rows("--user", "1001", "--direction", "inbound", "--device", "5401")
	if len(taken) != 1 || taken[0]["callee_device"] != "5401" || taken[0]["callee_name"] != "Ana Ruiz" || taken[0]["caller_name"] != "Ben Okafor" ||
		taken[0]["direction"] != "inbound" || taken[0]["result"] != "answered" {
		t.Errorf("taken at the desk: %v", taken)
	}
}
