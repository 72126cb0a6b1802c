package credential_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	password, err := credential.HashPassword("portal-password")
	if err != nil {
		t.Fatal(err)
	}
	pin, err := credential.HashPIN("4711")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, secret, hash string
		want               bool
	}{
		{"right password", "portal-password", password, true},
		{"wrong password", "portal-passwort", password, false},
		{"right PIN", "4711", pin, true},
		{"wrong PIN", "4712", pin, false},
		{"empty secret", "", pin, false},
		{"no hash", "4711", "", false},
		{"nothing against nothing", "", "", false},
		{"plain text kept as hash", "4711", "4711", false},
		{"endless secret", strings.Repeat("x", 1<<20), password, false},
		{"hash that asks for 4 TiB", "4711", strings.Replace(pin, "m=64", "m=4294967295", 1), false},
		{"hash of no passes", "4711", strings.Replace(pin, "t=1", "t=0", 1), false},
		{"hash of no lanes", "4711", strings.Replace(pin, "p=1", "p=0", 1), false},
		{"cut hash", "4711", pin[:len(pin)-40], false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := credential.Verify(c.secret, c.hash); got != c.want {
				t.Errorf("Verify(%.20q) = %v, want %v", c.secret, got, c.want)
			}
		})
	}
	again, err := credential.HashPIN("4711")
	if err != nil || again == pin {
		t.Errorf("two hashes of one PIN are equal (%v): the salt is missing", err)
	}
}

func TestPasswordBounds(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "short77", strings.Repeat("x", credential.MaxPassword+1)} {
		if _, err := credential.HashPassword(p); !errors.Is(err, credential.ErrPassword) {
			t.Errorf("HashPassword(%d bytes) = %v, want ErrPassword", len(p), err)
		}
	}
}

// The values are those of RFC 7616 3.9.1 (name, realm and password there) as
// md5sum and sha256sum give them.
func TestHA1(t *testing.T) {
	t.Parallel()
	md5, sha := credential.HA1("Mufasa", "http-auth@example.org", "Circle of Life")
	if md5 != "3d78807defe7de2157e2b0b6573a855f" {
		t.Errorf("MD5 = %s", md5)
	}
	if sha != "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232" {
		t.Errorf("SHA-256 = %s", sha)
	}
}

func TestDevicePassword(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		p, err := credential.DevicePassword(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 24 || strings.ContainsAny(p, "iIloO01") || strings.Trim(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			t.Fatalf("DevicePassword() = %q", p)
		}
		if seen[p] {
			t.Fatalf("%q came twice", p)
		}
		seen[p] = true
	}
	if _, err := credential.DevicePassword(bytes.NewReader(nil)); err == nil {
		t.Error("a source without randomness gave a password")
	}
}

func TestCheckPIN(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pin, extension string
		want           error
	}{
		{"4711", "1001", nil},
		{"471147119", "1001", nil},
		{"1001", "1002", nil},
		{"", "1001", credential.ErrPINDigits},
		{"471", "1001", credential.ErrPINDigits},
		{"47114711471", "1001", credential.ErrPINDigits},
		{"47a1", "1001", credential.ErrPINDigits},
		{"47 1", "1001", credential.ErrPINDigits},
		{"٤٧١١", "1001", credential.ErrPINDigits},
		{"1001", "1001", credential.ErrPINExtension},
		{"0000", "1001", credential.ErrPINRepeat},
		{"1111111", "1001", credential.ErrPINRepeat},
		{"1212", "1001", credential.ErrPINRepeat},
		{"123123", "1001", credential.ErrPINRepeat},
		{"47114711", "1001", credential.ErrPINRepeat},
		{"1234", "1001", credential.ErrPINRun},
		{"4321", "1001", credential.ErrPINRun},
		{"7890", "1001", credential.ErrPINRun},
		{"0987654321", "1001", credential.ErrPINRun},
		{"3210", "1001", credential.ErrPINRun},
		{"1235", "1001", nil},
	} {
		if got := credential.CheckPIN(c.pin, c.extension); !errors.Is(got, c.want) {
			t.Errorf("CheckPIN(%q, %q) = %v, want %v", c.pin, c.extension, got, c.want)
		}
	}
}

func TestNewPIN(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if pin, err := credential.NewPIN(rand.Reader, "1001"); err != nil || len(pin) != 6 || credential.CheckPIN(pin, "1001") != nil {
			t.Fatalf("NewPIN() = %q, %v", pin, err)
		}
	}
	if _, err := credential.NewPIN(bytes.NewReader(nil), "1001"); err == nil {
		t.Error("a source without randomness gave a PIN")
	}
}

func BenchmarkVerifyPIN(b *testing.B) {
	h, err := credential.HashPIN("4711")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		credential.Verify("4711", h)
	}
}

func BenchmarkVerifyPassword(b *testing.B) {
	h, err := credential.HashPassword("portal-password")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		credential.Verify("portal-password", h)
	}
}
