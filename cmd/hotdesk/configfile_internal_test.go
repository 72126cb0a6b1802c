package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigFile(t *testing.T) {
	cases := []struct{ name, text, environment, want string }{
		{"a misspelt setting", `sipp = "127.0.0.1:0"`, "", "no such setting: sipp"},
		{"no TOML", "\nsip = ", "", "configuration file, line 2"},
		{"a value that does not fit", `drain = "soon"`, "", "--drain"},
		{"underscores for hyphens", "rtp_ports = \"12-11\"\nsip = \"127.0.0.1:0\"", "", "--rtp-ports"},
		{"the environment wins", `sip = "127.0.0.1:0"`, "nonsense", "nonsense"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "hotdesk.toml")
			if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.environment != "" {
				t.Setenv("HOTDESK_SIP", c.environment)
			}
			var stderr bytes.Buffer
			status := run(t.Context(), []string{"serve", "--data", t.TempDir(), "--config", name}, console{out: &stderr, err: &stderr})
			if status == 0 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("status %d, said %q, want %q in it", status, stderr.String(), c.want)
			}
		})
	}
}
