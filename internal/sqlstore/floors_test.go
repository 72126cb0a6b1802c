package sqlstore_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
)

func TestFloorsComeBackWholeAndGoWithTheDomain(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			office := db.office(t, "5401")
			floor := fill[floorplan.Floor](t, "a")
			floor.DomainID = office.Domain.ID
			other := floor
			other.ID = "another"
			spot := floorplan.Spot{DeviceID: office.Devices[0].ID, FloorID: floor.ID, X: 1, Y: floorplan.Whole}
			picture := []byte{0, 1, 255}
			if err := errors.Join(db.Floors().Put(t.Context(), floor, picture), db.Floors().Place(t.Context(), spot)); err != nil {
				t.Fatal(err)
			}
			if err := db.Floors().Put(t.Context(), other, picture); !errors.Is(err, floorplan.ErrTaken) {
				t.Errorf("the name of another floor: %v", err)
			}
			db = db.reopen(t)
			stored := func(floors []floorplan.Floor, spots []floorplan.Spot) {
				t.Helper()
				gotFloors, err := db.Floors().Floors(t.Context(), office.Domain.ID)
				gotSpots, also := db.Floors().Spots(t.Context(), floor.ID)
				if diff := cmp.Diff(floors, gotFloors) + cmp.Diff(spots, gotSpots); diff != "" || errors.Join(err, also) != nil {
					t.Error(diff, err, also)
				}
			}
			stored([]floorplan.Floor{floor}, []floorplan.Spot{spot})
			if got, err := db.Floors().Picture(t.Context(), floor.ID); err != nil || !cmp.Equal(picture, got) {
				t.Errorf("the picture: %v, %v", got, err)
			}
			if err := db.Directory().Save(t.Context(), directory.Change{Domain: office.Domain, DropDomain: true}); err != nil {
				t.Fatal(err)
			}
			stored(nil, nil)
			if _, err := db.Floors().Picture(t.Context(), floor.ID); !errors.Is(err, floorplan.ErrNotFound) {
				t.Errorf("a picture of a domain that is gone: %v", err)
			}
		})
	}
}
