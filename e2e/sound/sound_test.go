package sound_test

import (
	"slices"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// The sound of a phone on a busy machine lacks a packet here and doubles one
// there; a sentence is heard all the same, and no other is.
func TestFindPieces(t *testing.T) {
	t.Parallel()
	library, err := prompts.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	clip := func(name prompts.Name) []int16 { return library.Clip("en", "acme.test", name).PCM }
	said := []prompts.Name{prompts.ForwardedTo, prompts.Wrong, prompts.Goodbye, prompts.UnknownCode, prompts.Released}
	for _, name := range said {
		heard := make([]int16, sound.Rate)
		for i, packet := range slices.Collect(slices.Chunk(clip(name), 160)) {
			switch i % 50 {
			case 20: // lost
			case 43:
				heard = append(heard, packet...)
				fallthrough
			default:
				heard = append(heard, packet...)
			}
		}
		heard = append(heard, make([]int16, sound.Rate)...)
		for _, sought := range said {
			score, at := sound.FindPieces(heard, clip(sought))
			switch {
			case sought != name && score > 0.5:
				t.Errorf("%s is heard in %s: %.2f", sought, name, score)
			case sought == name && (score < 0.7 || at.Seconds() < 0.9 || at.Seconds() > 1.1):
				t.Errorf("%s is not heard: %.2f at %v", name, score, at)
			}
		}
	}
}
