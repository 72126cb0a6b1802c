package portal

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// trunkView is an outside line and how it stands.
type trunkView struct {
	directory.Trunk

	DomainName string
	State      string // "Registered", "Answers", "Silent", "Off"
	Why        string // it does not answer or register
	Since      string
}

func (t trunkView) path() string { return "/domains/" + t.DomainName + "/inventory/trunk/" + t.Name }

// calls is how many calls the line takes at once, in words.
func (t trunkView) calls() string {
	if t.MaxCalls == 0 {
		return "any number"
	}
	return strconv.Itoa(t.MaxCalls)
}

// login is as whom the line registers or proves itself, in words.
func (t trunkView) login() string {
	switch {
	case t.Register:
		return "registers as " + t.User
	case t.User != "":
		return "proves itself as " + t.User
	default:
		return "known by its address"
	}
}

func (v *visit) viewTrunk(t directory.Trunk) trunkView {
	view := trunkView{Trunk: t, DomainName: v.domain.Name, State: "Off"}
	state, on := v.cfg.Trunks.State(t.ID)
	if !on {
		return view
	}
	view.Why, view.Since = state.Reason, v.clock(v.domain, state.Since)
	switch {
	case state.Registered:
		view.State = "Registered"
	case state.Answers:
		view.State = "Answers"
	default:
		view.State = "Silent"
	}
	return view
}

func (v *visit) trunkRows() []trunkView {
	var rows []trunkView
	for _, t := range v.cfg.Directory.Trunks(v.domain.ID) {
		rows = append(rows, v.viewTrunk(t))
	}
	return rows
}

// trunks lists the outside lines of a domain, in the order in which they are tried.
func (v *visit) trunks() error {
	return v.show(http.StatusOK, "Trunks", trunkList(v.inventory(), v.trunkRows()))
}

// trunksLive keeps an open list up to date.
func (v *visit) trunksLive() error {
	return v.keepUp(func(fact events.Fact) bool {
		switch f := fact.(type) {
		case directory.Changed:
			return f.DomainID == v.domain.ID
		case trunk.Changed:
			return f.DomainID == v.domain.ID
		default:
			return false
		}
	}, func() (templ.Component, bool, error) { return trunksNow(v.trunkRows()), false, nil })
}

// trunkNamed is the trunk that the address names.
func (v *visit) trunkNamed() (directory.Trunk, error) {
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	t := office.TrunkByName(v.r.PathValue("trunk"))
	if t == nil {
		return directory.Trunk{}, errNowhere
	}
	return *t, nil
}

// addTrunkPage shows an empty form.
func (v *visit) addTrunkPage() error {
	f := newForm(idField, directory.NewID(), "transport", "udp", "priority", "0", "max_calls", "0", "enabled", "true")
	return v.showTrunk(directory.Trunk{}, f)
}

// trunkPage shows a trunk to be changed.
func (v *visit) trunkPage() error {
	t, err := v.trunkNamed()
	if err != nil {
		return err
	}
	return v.showTrunk(t, newForm("name", t.Name, "host", t.Host, "transport", t.Transport, "register", strconv.FormatBool(t.Register), "user", t.User,
		"priority", strconv.Itoa(t.Priority), "max_calls", strconv.Itoa(t.MaxCalls), "enabled", strconv.FormatBool(!t.Disabled), tagField, trunkTag(t)))
}

// trunkTag leaves the password out: what is made of it is not for browsers.
func trunkTag(t directory.Trunk) string {
	t.Password = ""
	return directory.Tag(t)
}

func (v *visit) showTrunk(t directory.Trunk, f *form) error {
	title := t.Name
	if title == "" {
		title = "Add trunk"
	}
	return v.show(f.status, title, trunkForm(v.domain, title, v.viewTrunk(t), f))
}

// addTrunk adds an outside line.
func (v *visit) addTrunk() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	fillTrunk(&directory.Trunk{}, f) // marks what cannot be read
	done, err := v.change(f, id, func(o *directory.Office) error {
		if o.Trunk(id) != nil {
			return nil // it is made already
		}
		t := directory.Trunk{ID: id}
		fillTrunk(&t, f)
		o.Trunks = append(o.Trunks, t)
		return nil
	})
	return v.trunkSaved(directory.Trunk{}, f, done, err)
}

// saveTrunk changes an outside line as a form says.
func (v *visit) saveTrunk() error {
	saved, err := v.trunkNamed()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	fillTrunk(&directory.Trunk{}, f) // marks what cannot be read
	done, err := v.change(f, saved.ID, func(o *directory.Office) error {
		t := o.Trunk(saved.ID)
		switch {
		case t == nil:
			return errNowhere
		case f.Values.Get(tagField) != trunkTag(*t):
			return directory.ErrStale
		}
		fillTrunk(t, f)
		return nil
	})
	return v.trunkSaved(saved, f, done, err)
}

func (v *visit) trunkSaved(t directory.Trunk, f *form, done bool, err error) error {
	switch {
	case err != nil:
		return err
	case !done:
		return v.showTrunk(t, f)
	default:
		return v.done(domainPath(v.domain)+"/inventory/trunks", strings.ToLower(f.text("name"))+" is saved.")
	}
}

// fillTrunk writes a form into a trunk. A password that is not given stays as it is.
func fillTrunk(t *directory.Trunk, f *form) {
	t.Name, t.Host, t.Transport = f.text("name"), f.text("host"), f.text("transport")
	t.Register, t.Disabled = f.ticked("register"), !f.ticked("enabled")
	t.Priority, t.MaxCalls = f.whole("priority"), f.whole("max_calls")
	t.SetUser(f.text("user"))
	if password := f.Values.Get("password"); password != "" {
		t.Password = password
	}
}

// deleteTrunk removes an outside line.
func (v *visit) deleteTrunk() error {
	t, err := v.trunkNamed()
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.change(f, t.ID, func(o *directory.Office) error {
		o.RemoveTrunk(t.ID)
		return nil
	})
	switch {
	case err != nil:
		return err
	case !done:
		return v.showTrunk(t, f)
	default:
		return v.done(domainPath(v.domain)+"/inventory/trunks", t.Name+" is removed.")
	}
}
