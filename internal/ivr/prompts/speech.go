package prompts

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Phrase is what is spoken in one go: clips and pauses in their order.
type Phrase []Name

// The pauses of a phrase. They have no sound file.
const (
	Comma Name = ","
	Stop  Name = "."
)

// Recording stands in a phrase for sound that somebody has recorded.
const Recording Name = "(recording)"

// Utterance is a phrase made ready to play.
type Utterance struct {
	Text string
	PCM  []int16 // 8 kHz mono
}

// Say puts a phrase together in the language and with the replaced clips of a
// domain. The recordings take the places of [Recording] in their order.
func (l *Library) Say(language, domain string, phrase Phrase, recordings ...Clip) Utterance {
	var said strings.Builder
	folders := l.folders(language, domain)
	sounds := make([][]int16, 0, len(phrase))
	for _, name := range phrase {
		switch name {
		case Comma, Stop:
			punctuate(&said, string(name))
			sounds = append(sounds, make([]int16, pause(name)))
		default:
			clip := Clip{Name: name}
			if name != Recording {
				clip = l.clip(folders, name)
			} else if len(recordings) > 0 {
				clip, recordings = recordings[0], recordings[1:]
			}
			if said.Len() > 0 && clip.Text != "" {
				said.WriteByte(' ')
			}
			said.WriteString(clip.Text)
			sounds = append(sounds, clip.PCM)
		}
	}
	return Utterance{Text: said.String(), PCM: slices.Concat(sounds...)}
}

// pause is the length of a pause, in samples.
func pause(name Name) int {
	if name == Comma {
		return Rate * 120 / 1000
	}
	return Rate * 250 / 1000
}

// punctuate ends a text with a mark, unless its last word does ("a.m.").
func punctuate(text *strings.Builder, mark string) {
	if text.Len() > 0 && !strings.HasSuffix(text.String(), mark) {
		text.WriteString(mark)
	}
}

// Digits speaks a number, or a code, key by key; what is no key is left out.
func Digits(keys string) Phrase {
	var p Phrase
	for _, key := range keys {
		switch {
		case key >= '0' && key <= '9':
			p = append(p, number(int(key-'0')))
		case key == '*':
			p = append(p, "star")
		case key == '#':
			p = append(p, "pound")
		}
	}
	return p
}

// Clock speaks a time of day: "two a.m.", "two oh five p.m.", "midnight".
func Clock(t time.Time) Phrase {
	p := ClockFace(t)
	switch {
	case t.Minute() == 0 && t.Hour()%12 == 0:
		return p
	case t.Hour() < 12:
		return append(p, "am")
	default:
		return append(p, "pm")
	}
}

// ClockFace speaks a time of day as a clock shows it, without telling morning
// from evening: "nine twelve", "nine o'clock" as "nine"; "midnight", "noon".
func ClockFace(t time.Time) Phrase {
	hour, minute := t.Hour(), t.Minute()
	switch {
	case hour == 0 && minute == 0:
		return Phrase{"midnight"}
	case hour == 12 && minute == 0:
		return Phrase{"noon"}
	}
	p := Phrase{number((hour+11)%12 + 1)}
	switch {
	case minute == 0:
		return p
	case minute < 10:
		return append(p, "oh", number(minute))
	default:
		return append(p, Number(minute)...)
	}
}

// placePrefix begins the names of clips that only the operator can record,
// because the place of a desk is free text.
const placePrefix = "place_of_"

// Place speaks where a desk stands, from the operator's recording, such as
// place_of_5401.wav; without one it is silent.
func Place(desk string) Phrase { return Phrase{Name(placePrefix + desk)} }

// Weekday speaks the day of a week.
func Weekday(day time.Weekday) Phrase { return Phrase{Name(strings.ToLower(day.String()))} }

// Number speaks a count from 0 to 99; one beyond is spoken as the nearest.
func Number(n int) Phrase {
	n = min(max(n, 0), 99)
	switch {
	case n < 20 || n%10 == 0:
		return Phrase{number(n)}
	default:
		return Phrase{number(n - n%10), number(n % 10)}
	}
}

func number(n int) Name { return Name("number_" + strconv.Itoa(n)) }

// Span speaks a length of time in its largest fitting unit, rounded up to
// whole minutes below one hour and to the nearest unit above: "one minute",
// "three hours", "two days".
func Span(d time.Duration) Phrase {
	const day = 24 * time.Hour
	switch {
	case d <= 59*time.Minute:
		return count(max(1, int((d+time.Minute-1)/time.Minute)), "minute")
	case d < 2*day-30*time.Minute:
		return count(int((d+30*time.Minute)/time.Hour), "hour")
	default:
		return count(int((d+day/2)/day), "day")
	}
}

// count speaks a number of units.
func count(n int, unit Name) Phrase {
	if n != 1 {
		unit += "s"
	}
	return append(Number(n), unit)
}
