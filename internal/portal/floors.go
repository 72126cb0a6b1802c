package portal

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
)

// floorView is a floor as a page shows it.
type floorView struct {
	boardView

	Floor   floorplan.Floor
	Floors  []floorplan.Floor
	Spots   []spotView
	Off     []deskView // desks that stand on no floor
	Arrange bool       // desks are being put in their places
	May     bool       // whether whoever is signed in may arrange them
	Form    *form
}

// spotView is a desk on a floor.
type spotView struct {
	deskView
	floorplan.Spot
}

// says is a desk in one sentence, for who cannot see it.
func (d deskView) says() string {
	parts := []string{d.label() + ": " + string(d.State)}
	if d.Session != nil {
		parts = append(parts, d.Holder.Name, d.span())
	}
	return strings.Join(append(parts, d.Troubles...), ", ")
}

// floorPath leads to a floor, or with no floor to where one is added.
func floorPath(domain directory.Domain, f floorplan.Floor) string {
	if f.ID == "" {
		return domainPath(domain) + "/floors/add"
	}
	return domainPath(domain) + "/floors/" + f.ID
}

// floorOf is the floor that the address names.
func (v *visit) floorOf() (floorplan.Floor, error) {
	f, err := v.cfg.Floors.Floor(v.r.Context(), v.domain.ID, v.r.PathValue("floor"))
	if errors.Is(err, floorplan.ErrNotFound) {
		return f, errNowhere
	}
	return f, err
}

// floor shows who sits where on a floor.
func (v *visit) floor() error {
	f, err := v.floorOf()
	if err != nil {
		return err
	}
	return v.showFloor(f, newForm("name", f.Name, tagField, floorTag(f)))
}

// floorTag is another one as soon as a floor has another name or picture.
func floorTag(f floorplan.Floor) string { return directory.Tag(f.Name, f.Version) }

func (v *visit) showFloor(f floorplan.Floor, form *form) error {
	board, err := v.viewBoard()
	if err != nil {
		return err
	}
	view := floorView{boardView: board, Floor: f, Form: form, May: v.may(directory.ActManageDomain)}
	view.Arrange = view.May && (v.r.URL.Query().Has("arrange") || !form.right())
	if view.Floors, err = v.cfg.Floors.Floors(v.r.Context(), v.domain.ID); err != nil {
		return err
	}
	if err := v.place(&view); err != nil {
		return err
	}
	return v.show(form.status, f.Name, floorPage(view))
}

// place finds out which desks stand on the floor, and which on none.
func (v *visit) place(view *floorView) error {
	placed := map[string]bool{}
	for _, floor := range view.Floors {
		spots, err := v.cfg.Floors.Spots(v.r.Context(), floor)
		if err != nil {
			return err
		}
		for _, s := range spots {
			placed[s.DeviceID] = true
			if desk, seen := view.desk(s.DeviceID); seen && floor.ID == view.Floor.ID {
				view.Spots = append(view.Spots, spotView{desk, s})
			}
		}
	}
	for _, d := range view.Desks {
		if !placed[d.DeviceID] {
			view.Off = append(view.Off, d)
		}
	}
	return nil
}

// desk finds a desk of the board by its device.
func (b boardView) desk(deviceID string) (deskView, bool) {
	for _, d := range b.Desks {
		if d.DeviceID == deviceID {
			return d, true
		}
	}
	return deskView{}, false
}

// floorPicture is the picture of a floor. Its type is what its first bytes say,
// and the browser is told to take it for nothing else.
func (v *visit) floorPicture() error {
	f, err := v.floorOf()
	if err != nil {
		return err
	}
	picture, err := v.cfg.Floors.Show(v.r.Context(), f)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", f.Type)
	v.w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // the address has the version
	_, _ = v.w.Write(picture)                                                 // the browser may have gone
	return nil
}

func (v *visit) addFloorPage() error { return v.showAddFloor(newForm(idField, directory.NewID())) }

func (v *visit) showAddFloor(f *form) error {
	floors, err := v.cfg.Floors.Floors(v.r.Context(), v.domain.ID)
	if err != nil {
		return err
	}
	return v.show(f.status, "Add floor", addFloorPage(v.domain, floors, f))
}

// addFloor makes a floor from a picture.
func (v *visit) addFloor() error {
	f, picture, err := v.readUpload()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	if made, err := v.cfg.Floors.Floor(v.r.Context(), v.domain.ID, id); err == nil { // by the same form, sent twice
		return v.done(floorPath(v.domain, made)+"?arrange=", made.Name+" is added. Now drag the desks to their places.")
	}
	floor := floorplan.Floor{ID: id, DomainID: v.domain.ID, Name: f.text("name")}
	if saved, err := v.saveFloor(f, floor, picture); err != nil || !saved {
		return errors.Join(err, v.showAddFloor(f))
	}
	return v.done(floorPath(v.domain, floor)+"?arrange=", floor.Name+" is added. Now drag the desks to their places.")
}

// changeFloor renames a floor, or gives it another picture.
func (v *visit) changeFloor() error {
	floor, err := v.floorOf()
	if err != nil {
		return err
	}
	f, picture, err := v.readUpload()
	if err != nil {
		return err
	}
	if f.Values.Get(tagField) != floorTag(floor) {
		return errors.Join(f.take(directory.ErrStale, ""), v.showFloor(floor, f))
	}
	changed := floor
	changed.Name = f.text("name")
	if saved, err := v.saveFloor(f, changed, picture); err != nil || !saved {
		return errors.Join(err, v.showFloor(floor, f))
	}
	return v.done(floorPath(v.domain, floor), changed.Name+" is saved.")
}

// saveFloor tells whether a floor was saved; if not, the form says why.
func (v *visit) saveFloor(f *form, floor floorplan.Floor, picture []byte) (bool, error) {
	if !f.right() {
		return false, nil
	}
	switch err := v.cfg.Floors.Save(v.r.Context(), floor, picture); {
	case errors.Is(err, floorplan.ErrName), errors.Is(err, floorplan.ErrTaken):
		f.refuse("name", err.Error())
	case errors.Is(err, floorplan.ErrNoPicture), errors.Is(err, floorplan.ErrTooLarge), errors.Is(err, floorplan.ErrTooWide):
		f.refuse("picture", err.Error())
	default:
		return err == nil, err
	}
	return false, nil
}

// readUpload reads a form with a picture; nil when none was chosen. What comes
// before a picture that is too large is kept.
func (v *visit) readUpload() (*form, []byte, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, floorplan.MaxBytes+maxForm)
	f := newForm()
	parts, err := v.r.MultipartReader()
	switch {
	case errors.Is(err, http.ErrNotMultipart): // it was kept while its writer signed in again, without the picture
		f, err = v.readForm()
		return f, nil, err
	case err != nil:
		return nil, nil, &badRequestError{err: err}
	}
	var picture []byte
	for {
		name, content, err := nextField(parts)
		var tooLarge *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return f, picture, nil
		case errors.As(err, &tooLarge):
			f.refuse("picture", floorplan.ErrTooLarge.Error())
			return f, nil, nil
		case err != nil:
			return nil, nil, &badRequestError{err: err}
		case name != "picture":
			f.Values.Set(name, string(content))
		case len(content) > 0:
			picture = content
		}
	}
}

// nextField reads a field of a form, or fails with [io.EOF] behind the last.
func nextField(parts *multipart.Reader) (name string, content []byte, err error) {
	part, err := parts.NextPart()
	if err != nil {
		return "", nil, err
	}
	content, err = io.ReadAll(part)
	return part.FormName(), content, err
}

// deleteFloor removes a floor.
func (v *visit) deleteFloor() error {
	floor, err := v.floorOf()
	if err != nil {
		return err
	}
	if err := v.cfg.Floors.Drop(v.r.Context(), floor); err != nil {
		return err
	}
	return v.done(domainPath(v.domain), floor.Name+" is removed.")
}

// placeDesk puts a desk on a floor, or off it when no place is given.
func (v *visit) placeDesk() error {
	floor, err := v.floorOf()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	x, wrongX := strconv.Atoi(f.text("x"))
	y, wrongY := strconv.Atoi(f.text("y"))
	switch {
	case f.text("desk") == "":
		return &badRequestError{err: floorplan.ErrNoDesk}
	case f.text("x") == "" && f.text("y") == "":
		err = v.cfg.Floors.Clear(v.r.Context(), floor, f.text("desk"))
	case wrongX != nil || wrongY != nil:
		return &badRequestError{err: errors.Join(wrongX, wrongY)}
	default:
		err = v.cfg.Floors.Place(v.r.Context(), floor, f.text("desk"), x, y)
	}
	switch {
	case errors.Is(err, floorplan.ErrNoDesk):
		return errNowhere
	case err != nil:
		return err
	}
	return v.say(floorPath(v.domain, floor)+"?arrange=", "Saved.")
}
