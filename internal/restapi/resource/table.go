package resource

// ImportResult is what importing a table did, or would do.
type ImportResult struct {
	DryRun  bool     `json:"dry_run"`
	Added   []string `json:"added" nullable:"false"`
	Changed []string `json:"changed" nullable:"false"`
	Same    int      `json:"same" doc:"How many lines change nothing."`
	Secrets []Secret `json:"secrets" nullable:"false" doc:"Generated PINs and passwords; they are never shown again."`
}

// Secret is what was generated for one line of a table.
type Secret struct {
	Extension      string `json:"extension"`
	Name           string `json:"name"`
	PIN            string `json:"pin,omitempty"`
	Password       string `json:"password,omitempty" doc:"For the portal."`
	Device         string `json:"device,omitempty"`
	DevicePassword string `json:"device_password,omitempty"`
}
