package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

const assetsPath = "/assets/"

//go:embed assets
var embedded embed.FS

// assets serves the files of the pages, each packed when it is first asked for.
type assets struct{ files map[string]asset }

type asset struct {
	kind   string
	tag    string // changes with the content
	raw    []byte
	packed func() ([]byte, error)
}

func newAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	err := fs.WalkDir(embedded, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		a.files[strings.TrimPrefix(name, "assets/")] = asset{
			kind: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, raw: raw,
			packed: sync.OnceValues(func() ([]byte, error) { return pack(raw) }),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of the portal: %w", err)
	}
	return a, nil
}

func pack(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ServeHTTP implements [http.Handler].
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, found := a.files[strings.TrimPrefix(r.URL.Path, assetsPath)]
	if !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("ETag", file.tag)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Vary", "Accept-Encoding")
	body := file.raw
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if packed, err := file.packed(); err == nil {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
