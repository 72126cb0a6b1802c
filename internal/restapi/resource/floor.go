package resource

// Floor is the picture of a floor, with the desks that stand on it.
type Floor struct {
	ID      string `json:"id"`
	Name    string `json:"name" example:"Floor 5"`
	Type    string `json:"type" example:"image/png" doc:"Of its picture."`
	Width   int    `json:"width" doc:"Of its picture, in pixels."`
	Height  int    `json:"height"`
	Version int64  `json:"version" doc:"Counts its pictures."`
	Desks   []Spot `json:"desks" nullable:"false"`
}

// Spot is where a desk stands on a floor, in ten thousandths of the picture from
// its left and its upper edge.
type Spot struct {
	Device string `json:"device" example:"5401"`
	X      int    `json:"x"`
	Y      int    `json:"y"`
}

// FloorInput makes or changes a floor; what is missing stays as it is.
type FloorInput struct {
	Name    *string `json:"name,omitempty"`
	Picture []byte  `json:"picture,omitempty" doc:"A PNG, JPEG or WebP file of 5 MB and 6000 pixels a side at most, in base64."`
}

// SpotInput puts a desk on a floor.
type SpotInput struct {
	X int `json:"x" minimum:"0" maximum:"10000"`
	Y int `json:"y" minimum:"0" maximum:"10000"`
}
