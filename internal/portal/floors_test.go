package portal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const addFloor = boardPath + "/floors/add"

// upload adds a floor.
func (b *browser) upload(name, file string, content []byte) page {
	b.t.Helper()
	return b.uploadTo(addFloor, uuid.NewString(), name, file, content)
}

// uploadTo sends the form that makes a floor of an ID, or changes one of a tag.
func (b *browser) uploadTo(to, id, name, file string, content []byte) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := errors.Join(form.WriteField("id", id), form.WriteField("tag", id), form.WriteField("name", name)); err != nil {
		b.t.Fatal(err)
	}
	part, err := form.CreateFormFile("picture", file)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		b.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.send(http.MethodPost, to, &body, "Content-Type", form.FormDataContentType())
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// addedFloor is the ID of a new floor.
func addedFloor(b *browser, name string) string {
	b.t.Helper()
	at, _, _ := strings.Cut(b.upload(name, "plan.png", picture(b.t, 8, 6)).location, "?")
	return path.Base(at)
}

// bomb is the head of a picture that would fill a computer's memory.
func bomb() []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), 100_000)
	head = append(binary.BigEndian.AppendUint32(head, 100_000), 8, 6, 0, 0, 0)
	chunk := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(chunk, head...), crc32.ChecksumIEEE(head))
}

func TestFloorIsMadeOfAPicture(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	good := picture(t, 80, 60)
	for about, c := range map[string]struct {
		name, file string
		content    []byte
		wrong      string
	}{
		"a drawing with scripts": {"Floor 5", "plan.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "this is no picture"},
		"a page":                 {"Floor 5", "plan.png", []byte("<html><script>alert(1)</script>"), "this is no picture"},
		"a text":                 {"Floor 5", "plan.png", []byte("hello"), "this is no picture"},
		"nothing":                {"Floor 5", "plan.png", nil, "this is no picture"},
		"a bomb":                 {"Floor 5", "plan.png", bomb(), "the picture is too large"},
		"too many bytes":         {"Floor 5", "plan.png", append(bytes.Clone(good), make([]byte, 5<<20)...), "the file is too large"},
		"far too many bytes":     {"Floor 5", "plan.png", make([]byte, 20<<20), "the file is too large"},
		"no name":                {" ", "plan.png", good, "needs a name"},
		"a name without end":     {strings.Repeat("x", 100), "plan.png", good, "needs a name"},
	} {
		p := b.upload(c.name, c.file, c.content)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.wrong) || strings.TrimSpace(c.name) != "" && !strings.Contains(p.body, `value="`+c.name+`"`) {
			t.Errorf("%s: %d without %q, or without what was typed", about, p.status, c.wrong)
		}
	}
	if p := b.ask(http.MethodPost, addFloor, url.Values{"name": {"Floor 5"}}); p.status != http.StatusBadRequest {
		t.Errorf("a form without a file: %d", p.status)
	}
	if p := b.uploadTo(addFloor, "", "Floor 5", "plan.png", good); p.status != http.StatusBadRequest {
		t.Errorf("a form without its ID: %d", p.status)
	}
	id := uuid.NewString()
	p := b.uploadTo(addFloor, id, "Floor <5>", "plan.png", good)
	floor, arrange, _ := strings.Cut(p.location, "?")
	if p.status != http.StatusSeeOther || arrange != "arrange=" {
		t.Fatalf("a good picture: %d %q", p.status, p.location)
	}
	if again := b.uploadTo(addFloor, id, "Floor <5>", "plan.png", good); again.location != p.location {
		t.Errorf("a double click answers %d %q", again.status, again.location)
	}
	elsewhere := strings.Replace(addFloor, "acme.test", "beta.test", 1)
	signedIn(t, o, "super_user").uploadTo(elsewhere, id, "Stolen", "plan.png", picture(t, 8, 6))
	if p := b.upload("Floor <5>", "plan.png", good); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "another floor has this name") {
		t.Errorf("the name of another: %d", p.status)
	}
	got := b.ask(http.MethodGet, floor+"/picture", nil)
	if got.body != string(good) || got.kind != "image/png" {
		t.Errorf("the picture comes back as %s of %d bytes", got.kind, len(got.body))
	}
	tag := b.filled(floor + "?arrange=").Get("tag")
	if p := b.uploadTo(floor, tag, "Floor 6", "", nil); p.location != floor {
		t.Errorf("another name: %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, floor, nil); !strings.Contains(p.body, "Floor 6 is saved.") || !strings.Contains(p.body, "calc(80 / 60)") {
		t.Errorf("the floor: %d", p.status)
	}
	if p := b.uploadTo(floor, tag, "Floor 7", "", nil); p.status != http.StatusPreconditionFailed || !strings.Contains(p.body, "Somebody else has changed this") || !strings.Contains(p.body, `value="Floor 7"`) {
		t.Errorf("a stale form: %d", p.status)
	}
	stranger := "/domains/beta.test" + strings.TrimPrefix(floor, boardPath)
	for _, at := range []string{stranger, stranger + "/picture"} {
		if p := signedIn(t, o, "super_user").ask(http.MethodGet, at, nil); p.status != http.StatusNotFound {
			t.Errorf("%s of another domain: %d", at, p.status)
		}
	}
	if p := b.ask(http.MethodPost, floor+"/delete", url.Values{}); p.location != boardPath {
		t.Errorf("removing: %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, floor, nil); p.status != http.StatusNotFound {
		t.Errorf("a floor that is gone: %d", p.status)
	}
}

func TestDesksOnAFloor(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	floor, _, _ := strings.Cut(b.upload("Floor 5", "plan.png", picture(t, 80, 60)).location, "?")
	domain, _ := o.App.Directory().DomainByName("acme.test")
	desk, _ := o.App.Directory().DeviceByName(domain.ID, "5402")
	other, _ := o.App.Directory().DomainByName("beta.test")
	foreign, _ := o.App.Directory().DeviceByName(other.ID, "spare")
	place := func(desk, x, y string) page {
		return b.ask(http.MethodPost, floor+"/desks", url.Values{"desk": {desk}, "x": {x}, "y": {y}}, "Accept", "text/plain")
	}
	for _, c := range []struct {
		desk, x, y string
		status     int
		stands     string
	}{
		{desk.ID, "2500", "5000", 200, "left: 25.00%; top: 50.00%"},
		{desk.ID, "-5", "99999", 200, "left: 0.00%; top: 100.00%"},
		{desk.ID, "left", "5", 400, "left: 0.00%; top: 100.00%"},
		{desk.ID, "", "5", 400, "left: 0.00%; top: 100.00%"},
		{foreign.ID, "5", "5", 404, ""},
		{"none", "5", "5", 404, ""},
		{foreign.ID, "", "", 404, ""},
	} {
		if p := place(c.desk, c.x, c.y); p.status != c.status {
			t.Errorf("%+v: %d %s", c, p.status, p.body)
		}
		if p := b.ask(http.MethodGet, floor, nil); !strings.Contains(p.body, c.stands) || strings.Count(p.body, `class="spot"`) != 1 {
			t.Errorf("after %+v the floor has %d desks", c, strings.Count(p.body, `class="spot"`))
		}
	}
	if p := signedIn(t, o, "call_center_supervisor").ask(http.MethodGet, floor+"?arrange=", nil); p.status != http.StatusOK || strings.Contains(p.body, "Arrange desks") || strings.Contains(p.body, `id="tray"`) {
		t.Errorf("who may only look: %d", p.status)
	}
	if p := place(desk.ID, "", ""); p.status != http.StatusOK {
		t.Errorf("taking it off: %d", p.status)
	}
	if p := b.ask(http.MethodGet, floor, nil); strings.Contains(p.body, `class="spot"`) {
		t.Error("it stands there still")
	}
}
