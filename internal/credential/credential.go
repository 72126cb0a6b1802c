// Package credential makes and checks secrets: portal passwords, PINs and the
// passwords of devices. It knows nothing of accounts, lock-outs or storage.
package credential

import (
	"crypto/md5" //nolint:gosec // RFC 7616 digest names MD5; phones know nothing else
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/alexedwards/argon2id"
)

// Errors of this package.
var (
	// ErrHash says that a text is no argon2id hash this package accepts.
	ErrHash = errors.New("not an argon2id hash of a sane cost")
	// ErrPassword says that a password is too short or too long.
	ErrPassword = errors.New("a password has 8 to 256 characters")
)

// The bounds of a portal password, in bytes. The upper one keeps a stranger
// from making the server hash megabytes.
const (
	MinPassword = 8
	MaxPassword = 256
)

// The highest cost of a hash from outside that is accepted: a hash read from a
// file decides how much memory and time its check takes.
const (
	maxMemoryKiB  = 256 * 1024
	maxIterations = 16
	maxLanes      = 16
)

// HashPassword hashes a portal password with argon2id at the strength that
// OWASP asks for (19 MiB, two passes, one lane): about 20 ms.
func HashPassword(password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", ErrPassword
	}
	return hash(password, &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
}

// HashPIN hashes a PIN with argon2id at a cost of about 0.05 ms (64 KiB, one
// pass, one lane). Whoever steals the hash of a PIN of four digits tries all ten
// thousand at any bearable cost, so cost buys nothing here: the lock-out protects
// a PIN, and the caller must hear the answer to the last digit within a
// millisecond.
func HashPIN(pin string) (string, error) {
	return hash(pin, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
}

// The hashes of a PIN and of a password that nobody knows, as [HashPIN] and
// [HashPassword] make them. To verify against one takes as long as against that
// of an account.
const (
	NobodysPIN      = "$argon2id$v=19$m=64,t=1,p=1$6lwB+WwQguh54BhKgsfJDg$j6zloe58DaIO4VJ6/YjPPahmGdcVAJV1Jiwx7J3k1GA"
	NobodysPassword = "$argon2id$v=19$m=19456,t=2,p=1$qlqq96Wd6ZXB3/xExvgm4A$rULIa7/ar8i6M89hCogEcmO2FIZo7R6/UhVp2mvFt7g" //nolint:gosec // opens nothing
)

func hash(secret string, params *argon2id.Params) (string, error) {
	h, err := argon2id.CreateHash(secret, params)
	if err != nil {
		return "", fmt.Errorf("hash a secret: %w", err)
	}
	return h, nil
}

// Verify reports whether a hash of [HashPassword] or [HashPIN] is that of the
// secret, in a time that does not depend on the secret. An empty secret and a
// text that is no such hash never match.
func Verify(secret, hash string) bool {
	if secret == "" || len(secret) > MaxPassword || CheckHash(hash) != nil {
		return false
	}
	match, err := argon2id.ComparePasswordAndHash(secret, hash)
	return err == nil && match
}

// CheckHash returns [ErrHash] when a text is no argon2id hash, or one whose
// check would cost far more than the hashes made here.
func CheckHash(hash string) error {
	params, salt, key, err := argon2id.DecodeHash(hash)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrHash, err)
	case params.Memory < 8 || params.Memory > maxMemoryKiB,
		params.Iterations < 1 || params.Iterations > maxIterations,
		params.Parallelism < 1 || params.Parallelism > maxLanes,
		len(salt) < 8 || len(salt) > 64,
		len(key) < 16 || len(key) > 64:
		return ErrHash
	}
	return nil
}

// HA1 is what a registrar keeps of a device's password: the lower-case hex of
// MD5 and of SHA-256 over name:realm:password (RFC 7616 3.4.2). It is as good
// as the password within that realm, and must be kept as secret.
func HA1(name, realm, password string) (md5Hex, sha256Hex string) {
	text := []byte(name + ":" + realm + ":" + password)
	m := md5.Sum(text) //nolint:gosec // see the import
	s := sha256.Sum256(text)
	return hex.EncodeToString(m[:]), hex.EncodeToString(s[:])
}

// The characters of a generated password: none that looks like another in a
// phone's display or on paper, none that a provisioning file must escape.
const passwordAlphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

const devicePasswordLength = 24

// DevicePassword makes a password of 24 characters (139 bits) for a SIP
// device from random bytes.
func DevicePassword(random io.Reader) (string, error) {
	// A byte is used only below the highest multiple of the alphabet's length,
	// so that each character is as likely as any other.
	const fair = 256 - 256%len(passwordAlphabet)
	password := make([]byte, 0, devicePasswordLength)
	buffer := make([]byte, 2*devicePasswordLength)
	for {
		if _, err := io.ReadFull(random, buffer); err != nil {
			return "", fmt.Errorf("make a device password: %w", err)
		}
		for _, b := range buffer {
			if int(b) >= fair {
				continue
			}
			password = append(password, passwordAlphabet[int(b)%len(passwordAlphabet)])
			if len(password) == devicePasswordLength {
				return string(password), nil
			}
		}
	}
}
