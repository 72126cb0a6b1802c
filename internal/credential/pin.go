package credential

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// The reasons for which [CheckPIN] refuses a PIN.
var (
	ErrPINDigits    = errors.New("a PIN has 4 to 10 digits and nothing else")
	ErrPINExtension = errors.New("the PIN must not be the extension")
	ErrPINRepeat    = errors.New("the PIN repeats itself, as 1111 and 1212 do")
	ErrPINRun       = errors.New("the PIN counts up or down, as 1234 and 4321 do")
)

// The number of digits in a PIN.
const (
	MinPIN = 4
	MaxPIN = 10
)

// CheckPIN returns nil when a PIN may be used by the account of that
// extension, or the reason why not in words for the person who chose it.
func CheckPIN(pin, extension string) error {
	switch {
	case len(pin) < MinPIN || len(pin) > MaxPIN || strings.Trim(pin, "0123456789") != "":
		return ErrPINDigits
	case pin == extension:
		return ErrPINExtension
	case repeats(pin):
		return ErrPINRepeat
	case runs(pin, 1) || runs(pin, 9):
		return ErrPINRun
	}
	return nil
}

// NewPIN makes a PIN of six digits from random bytes for the account of that
// extension.
func NewPIN(random io.Reader, extension string) (string, error) {
	for {
		n, err := rand.Int(random, big.NewInt(1_000_000))
		if err != nil {
			return "", fmt.Errorf("make a PIN: %w", err)
		}
		if pin := fmt.Sprintf("%06d", n); CheckPIN(pin, extension) == nil {
			return pin, nil
		}
	}
}

// repeats reports whether a shorter text, repeated, makes the PIN.
func repeats(pin string) bool {
	for n := 1; n <= len(pin)/2; n++ {
		if len(pin)%n == 0 && strings.Repeat(pin[:n], len(pin)/n) == pin {
			return true
		}
	}
	return false
}

// runs reports whether each digit is the one before it plus a step, modulo 10:
// 7890 counts on, as it does on the keys.
func runs(pin string, step byte) bool {
	for i := 1; i < len(pin); i++ {
		if (pin[i-1]-'0'+step)%10 != pin[i]-'0' {
			return false
		}
	}
	return true
}
