// Package prompts holds the sentences the system speaks: their texts, their
// sounds, and the small grammar that puts numbers and times of day together
// from them. It knows nothing of calls or of who is listening.
package prompts

import (
	"io/fs"
	"log/slog"
)

// Rate is the sample rate of every clip, in hertz.
const Rate = 8000

// Clip is one recorded piece of speech.
type Clip struct {
	Name string  // its key in the table of texts and the stem of its file
	Text string  // the words it speaks
	PCM  []int16 // 8 kHz mono; empty when there is no sound for it
}

// Library finds clips: in a folder of the operator's first, else among the
// embedded ones. It is safe for concurrent use.
type Library struct {
	folder fs.FS
	log    *slog.Logger
}

// New makes a library. The folder may hold replacements as
// DOMAIN/LANGUAGE/NAME.wav, for one domain, and LANGUAGE/NAME.wav, for all;
// nil means the embedded clips only.
func New(folder fs.FS, log *slog.Logger) (*Library, error) {
	return &Library{folder: folder, log: log}, nil
}

// Clip finds a clip for a domain (by its SIP name) and a language. What is
// missing or broken falls back: to the folder's clip for all domains, to the
// embedded one, to the embedded English one.
func (l *Library) Clip(language, domain, name string) Clip {
	return Clip{Name: name}
}
