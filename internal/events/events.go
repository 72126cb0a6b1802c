// Package events hands each fact to every listener. A listener that lags is
// dropped, never waited for.
package events

// Fact is something that happened. Facts are plain structs declared by the
// package in which they happen; Kind is their name, as noun.verb.
type Fact interface{ Kind() string }
