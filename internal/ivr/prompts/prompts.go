// Package prompts holds the sentences the system speaks: their texts, their
// sounds, and the small grammar that puts numbers and times of day together
// from them. It knows nothing of calls or of who is listening.
package prompts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// Rate is the sample rate of every clip, in hertz.
const Rate = 8000

// fallback is the language in which every clip is embedded.
const fallback = "en"

//go:embed en.toml en/*.wav
var embedded embed.FS

// Clip is one recorded piece of speech.
type Clip struct {
	Name Name
	Text string  // the words of the embedded clip, also when its sound is replaced
	PCM  []int16 // 8 kHz mono, shared: not to be changed
}

// Library finds clips: in a folder of the operator's first, else among the
// embedded ones. It is safe for concurrent use.
type Library struct {
	folder fs.FS
	log    *slog.Logger
	clips  map[Name]embeddedClip

	mu   sync.Mutex
	read map[string]replacement // by file
}

// embeddedClip is one whose sound is read when it is first spoken: all of them
// would be a third of the work of a server that starts.
type embeddedClip struct {
	text  string
	sound func() []int16
}

// replacement is what was read of a file of the folder; no sound when it was
// broken.
type replacement struct {
	at   time.Time
	size int64
	pcm  []int16
}

// New makes a library. The folder may hold replacements as
// DOMAIN/LANGUAGE/NAME.wav, for one domain, and LANGUAGE/NAME.wav, for all;
// it is looked at anew for each phrase. Nil means the embedded clips only.
func New(folder fs.FS, log *slog.Logger) (*Library, error) {
	clips, err := readEmbedded(log)
	if err != nil {
		return nil, fmt.Errorf("read the embedded prompts: %w", err)
	}
	return &Library{folder: folder, log: log, clips: clips, read: map[string]replacement{}}, nil
}

// readEmbedded reads the table of texts and finds the sound of each.
func readEmbedded(log *slog.Logger) (map[Name]embeddedClip, error) {
	table, err := embedded.ReadFile(fallback + ".toml")
	if err != nil {
		return nil, err
	}
	texts := map[Name]string{}
	if err := toml.Unmarshal(table, &texts); err != nil {
		return nil, err
	}
	clips := make(map[Name]embeddedClip, len(texts))
	for name, text := range texts {
		file := path.Join(fallback, string(name)+".wav")
		if _, err := fs.Stat(embedded, file); err != nil {
			return nil, err
		}
		clips[name] = embeddedClip{text, sync.OnceValue(func() []int16 {
			pcm, err := readSound(embedded, file)
			if err != nil {
				log.Error("embedded prompt broken", slog.Any("error", err))
			}
			return pcm
		})}
	}
	return clips, nil
}

// Names lists the embedded clips in no order.
func (l *Library) Names() []Name {
	names := make([]Name, 0, len(l.clips))
	for name := range l.clips {
		names = append(names, name)
	}
	return names
}

// Clip finds a clip for a language ("en", "en-CA") and a domain, by its SIP
// name. A file that is missing or broken falls back to that of all domains,
// then to that of the language without its region, then to the embedded
// English clip. A name that is in no table has neither text nor sound.
func (l *Library) Clip(language, domain string, name Name) Clip {
	return l.clip(l.folders(language, domain), name)
}

func (l *Library) clip(folders []string, name Name) Clip {
	own, known := l.clips[name]
	if !known && !strings.HasPrefix(string(name), placePrefix) {
		l.log.Error("no prompt has this name", slog.String("prompt", string(name)))
		return Clip{Name: name}
	}
	for _, folder := range folders {
		if pcm := l.replacement(folder + "/" + string(name) + ".wav"); len(pcm) > 0 {
			return Clip{Name: name, Text: own.text, PCM: pcm}
		}
	}
	clip := Clip{Name: name, Text: own.text}
	if known {
		clip.PCM = own.sound()
	}
	return clip
}

// folders lists the folders that may hold replacements, the best first. Few
// offices have any, and a phrase has many clips.
func (l *Library) folders(language, domain string) []string {
	if l.folder == nil {
		return nil
	}
	return slices.DeleteFunc(candidates(language, domain), func(folder string) bool {
		_, err := fs.Stat(l.folder, folder)
		return errors.Is(err, fs.ErrNotExist)
	})
}

func candidates(language, domain string) []string {
	if language == "" {
		language = fallback
	}
	languages := []string{language}
	if base, _, regional := strings.Cut(language, "-"); regional {
		languages = append(languages, base)
	}
	var folders []string
	for _, l := range languages {
		if domain != "" {
			folders = append(folders, domain+"/"+l)
		}
		folders = append(folders, l)
	}
	return folders
}

// replacement returns the sound of a file of the folder, or nil when it is
// missing or broken. A broken one is logged once until it changes.
func (l *Library) replacement(file string) []int16 {
	info, err := fs.Stat(l.folder, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		l.log.Warn("prompt file not readable, using the next best", slog.String("file", file), slog.Any("error", err))
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r, ok := l.read[file]; ok && r.at.Equal(info.ModTime()) && r.size == info.Size() {
		return r.pcm
	}
	pcm, err := readSound(l.folder, file)
	if err != nil {
		l.log.Warn("prompt file broken, using the next best", slog.String("file", file), slog.Any("error", err))
	}
	l.read[file] = replacement{at: info.ModTime(), size: info.Size(), pcm: pcm}
	return pcm
}

// readSound reads a WAV file, in which there must be something to hear.
func readSound(from fs.FS, file string) ([]int16, error) {
	f, err := from.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pcm, err := wav.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(pcm) == 0 {
		return nil, fmt.Errorf("%s: no sound in it", file)
	}
	return pcm, nil
}
