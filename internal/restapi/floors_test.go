package restapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// plan is a picture, as the API takes it.
func plan(t *testing.T) string {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(picture.Bytes())
}

// addFloor adds a floor with the desks 5401 and 5402 on it.
func (n *network) addFloor(t *testing.T, root string) resource.Floor {
	t.Helper()
	var floor resource.Floor
	got := n.send(t, root, "POST /api/v1/domains/acme.test/floors", fmt.Sprintf(`{"name":"Floor 5","picture":%q}`, plan(t)))
	if err := json.Unmarshal([]byte(got.body), &floor); err != nil || got.status != 201 {
		t.Fatalf("adding a floor: %d %s", got.status, got.body)
	}
	for _, desk := range []string{"5401", "5402"} {
		if got := n.send(t, root, "PUT /api/v1/domains/acme.test/floors/"+floor.ID+"/desks/"+desk, `{"x":2500,"y":5000}`); got.status != 200 {
			t.Fatalf("placing a desk: %d %s", got.status, got.body)
		}
	}
	return floor
}

func TestFloors(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	root := n.keyFor(t, "super_user")
	floor := n.addFloor(t, root)
	const floors = " /api/v1/domains/acme.test/floors"
	if floor.Width != 40 || floor.Height != 30 || floor.Type != "image/png" {
		t.Errorf("the floor is %+v", floor)
	}
	at := floors + "/" + floor.ID
	for _, c := range []struct {
		line, body string
		status     int
		says       string
	}{
		{"GET" + floors + "?q=floor", "", 200, `"5402"`},
		{"GET" + at, "", 200, `"x":2500`},
		{"GET" + at + "/picture", "", 200, "PNG"},
		{"PATCH" + at, `{"name":"Upstairs"}`, 200, "Upstairs"},
		{"PATCH" + at, `{"name":""}`, 422, "body.name"},
		{"PATCH" + at, `{"picture":"bm8gcGljdHVyZQ=="}`, 422, "body.picture"},
		{"PATCH" + at, `{"picture":"no base64!"}`, 422, "body.picture"},
		{"POST" + floors, `{"name":"Floor 6"}`, 422, "body.picture"},
		{"POST" + floors, fmt.Sprintf(`{"name":"Upstairs","picture":%q}`, plan(t)), 422, "another floor has this name"},
		{"PUT" + at + "/desks/5401", `{"x":10001,"y":0}`, 422, "body.x"},
		{"PUT" + at + "/desks/5401", `{"x":1}`, 422, "expected required property y"},
		{"PUT" + at + "/desks/none", `{"x":1,"y":1}`, 404, "there is no device"},
		{"DELETE" + at + "/desks/5401", "", 204, ""},
		{"DELETE" + at + "/desks/none", "", 404, "there is no device"},
		{"GET" + floors + "/none", "", 404, "there is no such floor"},
		{"DELETE" + at, "", 204, ""},
		{"GET" + at + "/picture", "", 404, "there is no such floor"},
	} {
		if got := n.send(t, root, c.line, c.body); got.status != c.status || !strings.Contains(got.body, c.says) {
			t.Errorf("%s %.60s: %d %s", c.line, c.body, got.status, got.body)
		}
	}
}
