package main

import (
	"bytes"
	"strings"
	"testing"
)

// A variable that is set for the softphone must not change what is stored.
func TestVariablesAreForSettings(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bool{"user set": false, "user add": false, "device set": false, "trunk add": false, "phone use": true} {
		var out bytes.Buffer
		if status := run(t.Context(), append(strings.Fields(command), "--help"), console{out: &out, err: &out}); status != 0 {
			t.Fatalf("%s --help: status %d", command, status)
		}
		if !strings.Contains(out.String(), "--password") {
			t.Errorf("%s has no password", command)
		}
		if got := strings.Contains(out.String(), "HOTDESK_PASSWORD"); got != want {
			t.Errorf("%s reads HOTDESK_PASSWORD: %v, want %v", command, got, want)
		}
	}
	var out bytes.Buffer
	if run(t.Context(), []string{"user", "list", "--help"}, console{out: &out, err: &out}); !strings.Contains(out.String(), "HOTDESK_DATA") {
		t.Error("the data folder cannot be set for all commands at once")
	}
}
