package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// file builds a WAV file chunk by chunk.
type file struct {
	tag, channels, bits uint16
	rate                uint32
	before              []byte // whole chunks before the data
	data                []byte
	size                uint32 // in the header of the data chunk
}

func (f file) bytes() []byte {
	format := binary.LittleEndian.AppendUint16(nil, f.tag)
	format = binary.LittleEndian.AppendUint16(format, f.channels)
	format = binary.LittleEndian.AppendUint32(format, f.rate)
	format = binary.LittleEndian.AppendUint32(format, f.rate*uint32(f.channels*f.bits/8))
	format = binary.LittleEndian.AppendUint16(format, f.channels*f.bits/8)
	format = binary.LittleEndian.AppendUint16(format, f.bits)
	out := append([]byte("RIFF\xff\xff\xff\xffWAVE"), chunk("fmt ", format)...)
	out = append(out, f.before...)
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, f.size)
	return append(out, f.data...)
}

func chunk(id string, body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func samples(pcm ...int16) []byte {
	var out []byte
	for _, v := range pcm {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func TestRead(t *testing.T) {
	t.Parallel()
	plain := file{tag: 1, channels: 1, bits: 16, rate: 8000, data: samples(1, -2, 3), size: 6}
	edit := func(change func(*file)) []byte {
		f := plain
		change(&f)
		return f.bytes()
	}
	for name, c := range map[string]struct {
		data []byte
		want []int16
	}{
		"plain":              {plain.bytes(), []int16{1, -2, 3}},
		"cut off":            {edit(func(f *file) { f.size = 4000 }), []int16{1, -2, 3}},
		"cut in a sample":    {edit(func(f *file) { f.data = f.data[:5]; f.size = 6 }), []int16{1, -2}},
		"size never written": {edit(func(f *file) { f.size = 0 }), []int16{1, -2, 3}},
		"size of a stream":   {edit(func(f *file) { f.size = math.MaxUint32 }), []int16{1, -2, 3}},
		"odd chunk before":   {edit(func(f *file) { f.before = chunk("LIST", []byte("odd")) }), []int16{1, -2, 3}},
		"chunk after":        {append(plain.bytes(), chunk("id3 ", []byte("noise"))...), []int16{1, -2, 3}},
		"stereo":             {edit(func(f *file) { f.channels = 2; f.data = samples(100, 300, -5, 5); f.size = 8 }), []int16{200, 0}},
		"mu-law":             {edit(func(f *file) { f.tag, f.bits = 7, 8; f.data = []byte{0xff, 0xce}; f.size = 2 }), []int16{0, 988}},
		"A-law":              {edit(func(f *file) { f.tag, f.bits = 6, 8; f.data = []byte{0xd5, 0xfa}; f.size = 2 }), []int16{8, 1008}},
		"empty":              {edit(func(f *file) { f.data = nil; f.size = 0 }), []int16{}},
	} {
		got, err := wav.Read(bytes.NewReader(c.data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.want, append([]int16{}, got...)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestReadExtensible(t *testing.T) {
	t.Parallel()
	f := file{tag: 0xfffe, channels: 1, bits: 16, rate: 8000, data: samples(7), size: 2}.bytes()
	longer := append(bytes.Clone(f[20:36]), 22, 0, 16, 0, 4, 0, 0, 0, 1, 0) // true format: PCM
	data := append(append(bytes.Clone(f[:12]), chunk("fmt ", longer)...), f[36:]...)
	got, err := wav.Read(bytes.NewReader(data))
	if err != nil || len(got) != 1 || got[0] != 7 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := file{tag: 1, channels: 1, bits: 16, rate: 8000, data: samples(1), size: 2}
	edit := func(change func(*file)) []byte {
		f := good
		change(&f)
		return f.bytes()
	}
	for name, data := range map[string][]byte{
		"nothing":           nil,
		"text":              []byte("This is a letter, not a sound."),
		"MP3":               append([]byte("ID3\x04"), make([]byte, 100)...),
		"no data":           good.bytes()[:36],
		"no format":         append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("data", []byte{1, 2})...),
		"short format":      append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("fmt ", []byte{1, 0})...),
		"float":             edit(func(f *file) { f.tag = 3; f.bits = 32 }),
		"24 bits":           edit(func(f *file) { f.bits = 24 }),
		"six channels":      edit(func(f *file) { f.channels = 6 }),
		"no channel":        edit(func(f *file) { f.channels = 0 }),
		"rate 0":            edit(func(f *file) { f.rate = 0 }),
		"rate of a million": edit(func(f *file) { f.rate = 1000000 }),
	} {
		if _, err := wav.Read(bytes.NewReader(data)); !errors.Is(err, wav.ErrFormat) {
			t.Errorf("%s: error is %v, want ErrFormat", name, err)
		}
	}
}

// TestOtherRates plays a tone that the telephone carries and one that it does not.
func TestOtherRates(t *testing.T) {
	t.Parallel()
	for _, rate := range []uint32{11025, 16000, 22050, 44100, 48000} {
		for _, c := range []struct{ tone, want float64 }{{1000, 7071}, {3000, 7071}, {4800, 0}} {
			pcm := make([]int16, rate)
			for i := range pcm {
				pcm[i] = int16(10000 * math.Sin(2*math.Pi*c.tone*float64(i)/float64(rate)))
			}
			f := file{tag: 1, channels: 1, bits: 16, rate: rate, data: samples(pcm...), size: 2 * rate}
			got, err := wav.Read(bytes.NewReader(f.bytes()))
			if err != nil || len(got) != g711.Rate {
				t.Fatalf("%d: %d samples, %v", rate, len(got), err)
			}
			if level := rms(got[100 : len(got)-100]); math.Abs(level-c.want) > 150 {
				t.Errorf("%d: %.0f Hz has level %.0f, want %.0f", rate, c.tone, level, c.want)
			}
		}
	}
}

func rms(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(pcm)))
}

func TestWriter(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "said.wav")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	var said []int16
	for i := range 130 { // 2.6 s
		frame := bytes.Repeat([]byte{1}, 160)
		pcm := g711.ULaw.Decode(nil, frame)
		pcm[0] = int16(i)
		said = append(said, pcm...)
		if err := w.Write(pcm); err != nil {
			t.Fatal(err)
		}
	}
	// The process dies here: the last full second is told of, and nothing before is lost.
	if got := load(t, name); len(got) != 2*g711.Rate || !cmp.Equal(got, said[:len(got)]) {
		t.Errorf("before Close %d samples are kept, want 2 s", len(got))
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := load(t, name); !cmp.Equal(got, said) || w.Samples() != int64(len(said)) {
		t.Errorf("%d of %d samples are kept", len(got), len(said))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(said[:1]); err == nil {
		t.Error("writing to a closed file is no error")
	}
	if err := w.Write(said[:1]); err == nil {
		t.Error("an error is forgotten")
	}
}

func load(t *testing.T, name string) []int16 {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pcm, err := wav.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	if _, err := wav.Read(io.MultiReader(bytes.NewReader([]byte("RIFF")), broken{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func FuzzRead(f *testing.F) {
	f.Add(file{tag: 1, channels: 1, bits: 16, rate: 8000, data: samples(1, 2, 3), size: 6}.bytes())
	f.Add(file{tag: 7, channels: 2, bits: 8, rate: 44100, data: samples(1, 2, 3), size: 6}.bytes())
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVE"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pcm, err := wav.Read(bytes.NewReader(data))
		if err == nil && len(pcm) > len(data) {
			t.Errorf("%d samples out of %d octets", len(pcm), len(data))
		}
		if err != nil && !errors.Is(err, wav.ErrFormat) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestCutEndsTheSound(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "cut.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{w.Write([]int16{1, 2, 3, 4}), w.Cut(9), w.Cut(3), w.Close(), f.Truncate(wav.Size(w.Samples()))} {
		if step != nil {
			t.Error(step)
		}
	}
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	pcm, err := wav.Read(bytes.NewReader(got))
	if diff := cmp.Diff([]int16{1, 2, 3}, pcm); diff != "" || err != nil || len(got) != 50 {
		t.Errorf("%d octets, %v, %s", len(got), err, diff)
	}
}

func TestRepairFindsAllThatWasWritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		octets int64 // of the file, when its writer died
		want   int64
	}{
		"everything":           {44 + 2*8100, 8100},
		"half a sample":        {44 + 2*8050 + 1, 8050},
		"less than the header": {20, 0},
		"nothing":              {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Create(filepath.Join(t.TempDir(), "torn.wav"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, err := wav.NewWriter(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(make([]int16, 8100)); err != nil {
				t.Fatal(err)
			}
			if err := f.Truncate(tt.octets); err != nil {
				t.Fatal(err)
			}
			samples, err := wav.Repair(f)
			if samples != tt.want || err != nil {
				t.Errorf("%d samples, want %d; %v", samples, tt.want, err)
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if pcm, err := wav.Read(f); int64(len(pcm)) != tt.want || err != nil {
				t.Errorf("read %d samples, want %d; %v", len(pcm), tt.want, err)
			}
		})
	}
}
