package outbox

import (
	"encoding/base64"
	"fmt"
	"io"
)

// SecretPrefix is what the secret of a webhook begins with (Standard Webhooks).
const SecretPrefix = "whsec_"

const secretBytes = 24

// NewSecret makes the secret of a webhook.
func NewSecret(random io.Reader) (string, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("make the secret of a webhook: %w", err)
	}
	return SecretPrefix + base64.StdEncoding.EncodeToString(secret), nil
}
