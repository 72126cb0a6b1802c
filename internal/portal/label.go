package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"rsc.io/qr"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// labelView is a label to be stuck on a desk, whose code leads to its page.
type labelView struct {
	Desk    deskView
	Address string
	Squares string // the code as the path of an SVG, each square one unit
	Size    int    // of the code in squares, with its quiet margin
}

// quiet is the margin of a code in squares (ISO/IEC 18004 6.3.8).
const quiet = 4

// deskByLabel is the page that a label leads to: who has the desk, and what one
// can do there. To strangers it is a page to sign in.
func (v *visit) deskByLabel() error {
	device, found := v.cfg.Directory.DeviceByName(v.domain.ID, strings.ToLower(v.r.PathValue("device")))
	if !found || v.user.DomainID != v.domain.ID {
		return errNowhere
	}
	desk, is, err := v.deskOf(v.r.Context(), v.domain, device.ID)
	if err != nil {
		return err
	}
	if !is {
		return errNowhere
	}
	return v.show(http.StatusOK, desk.label(), deskByLabelPage(v.domain, v.user, desk))
}

// labels are to be printed: of one desk, or of all.
func (v *visit) labels() error {
	desks, err := v.desks(v.r.Context(), v.domain)
	if err != nil {
		return err
	}
	only := strings.ToLower(v.r.URL.Query().Get("desk"))
	var sheet []labelView
	for _, d := range desks {
		device, _ := v.cfg.Directory.Device(d.DeviceID)
		if only != "" && d.Device != only || !v.sees(directory.ActManageAccounts, v.cfg.Directory.SiteOf(device)) {
			continue
		}
		label, err := v.label(d)
		if err != nil {
			return err
		}
		sheet = append(sheet, label)
	}
	if only != "" && len(sheet) == 0 {
		return errNowhere
	}
	return v.show(http.StatusOK, "Labels", labelsPage(v.domain, sheet))
}

func (v *visit) label(d deskView) (labelView, error) {
	address := v.base() + "/desks/" + d.DomainName + "/" + d.Device
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return labelView{}, errors.Join(errors.New("draw the code of a desk"), err)
	}
	return labelView{Desk: d, Address: address, Squares: squares(code), Size: code.Size + 2*quiet}, nil
}

// base is the address of the portal as people reach it.
func (v *visit) base() string {
	switch {
	case v.cfg.URL != "":
		return v.cfg.URL
	case v.r.TLS != nil || v.r.Header.Get("X-Forwarded-Proto") == "https":
		return "https://" + v.r.Host
	default:
		return "http://" + v.r.Host
	}
}

// squares draws a code, a bar for each run of black squares in a row.
func squares(code *qr.Code) string {
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h" + strconv.Itoa(run) + "v1h-" + strconv.Itoa(run) + "z")
				x += run
			}
		}
	}
	return path.String()
}
