package directory

// Changed is the fact that an office is other than it was. Its lists hold the
// IDs of what was put or removed; who needs more asks the [Service], which
// already answers with the new state.
type Changed struct {
	DomainID string
	Version  int64
	Settings bool // the domain itself was made or changed
	Dropped  bool // the domain is gone with all that belonged to it
	Users    []string
	Devices  []string
	Phones   []string
	Numbers  []string
	Trunks   []string
}

// Kind names the fact.
func (Changed) Kind() string { return "directory.changed" }
