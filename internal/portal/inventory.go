package portal

import "github.com/hotdesk-pbx/hotdesk/internal/directory"

// inventory is what stands around the parts of the inventory.
type inventory struct {
	Domain directory.Domain
	Parts  []entry
}

// inventory leads to the parts that whoever is signed in may see.
func (v *visit) inventory() inventory {
	base := "/domains/{domain}/inventory"
	return inventory{v.domain, v.reachable([]entry{
		{Name: "Phone Hardware", Path: base},
		{Name: "Devices", Path: base + "/devices"},
		{Name: "Phone Numbers", Path: base + "/numbers"},
		{Name: "Trunks", Path: base + "/trunks"},
	})}
}

// part is the inventory with one of its parts open.
func (in inventory) part(name string) []entry {
	parts := make([]entry, len(in.Parts))
	for i, e := range in.Parts {
		e.Here = e.Name == name
		parts[i] = e
	}
	return parts
}

func inventoryRoutes(inventory string) []route {
	const needs = directory.ActManageAccounts
	phone, device := inventory+"/phones/{mac}", inventory+"/devices/{device}"
	return []route{
		{Pattern: "GET " + inventory, needs: needs, do: (*visit).hardware},
		{Pattern: "GET " + inventory + "/live", needs: needs, do: (*visit).hardwareLive},
		{Pattern: "GET " + inventory + "/add-phone", needs: needs, do: (*visit).addHardwarePage},
		{Pattern: "POST " + inventory + "/add-phone", needs: needs, do: (*visit).addHardware},
		{Pattern: "GET " + phone, needs: needs, do: (*visit).phonePage},
		{Pattern: "POST " + phone, needs: needs, do: (*visit).savePhone},
		{Pattern: "POST " + phone + "/delete", needs: needs, do: (*visit).deletePhone},
		{Pattern: "POST " + phone + "/resync", needs: needs, do: (*visit).resyncPhone},
		{Pattern: "POST " + phone + "/reboot", needs: needs, do: (*visit).rebootPhone},

		{Pattern: "GET " + inventory + "/devices", needs: needs, do: (*visit).devices},
		{Pattern: "GET " + inventory + "/live/devices", needs: needs, do: (*visit).devicesLive},
		{Pattern: "GET " + inventory + "/add-device", needs: needs, do: (*visit).addDevicePage},
		{Pattern: "POST " + inventory + "/add-device", needs: needs, do: (*visit).addDevice},
		{Pattern: "GET " + device, needs: needs, do: (*visit).device},
		{Pattern: "POST " + device, needs: needs, do: (*visit).saveDevice},
		{Pattern: "POST " + device + "/delete", needs: needs, do: (*visit).deleteDevice},
		{Pattern: "POST " + device + "/password", needs: needs, do: (*visit).renewPassword},
		{Pattern: "GET " + inventory + "/labels", needs: needs, do: (*visit).labels},
	}
}

// lineRoutes are those of the numbers, and of the trunks, which belong to the
// settings of a domain.
func lineRoutes(inventory string) []route {
	const needs, settings = directory.ActManageAccounts, directory.ActManageDomain
	number, trunk := inventory+"/numbers/{number}", inventory+"/trunk/{trunk}"
	return []route{
		{Pattern: "GET " + inventory + "/numbers", needs: needs, do: (*visit).numbers},
		{Pattern: "GET " + inventory + "/add-number", needs: needs, do: (*visit).addNumberPage},
		{Pattern: "POST " + inventory + "/add-number", needs: needs, do: (*visit).addNumber},
		{Pattern: "GET " + number, needs: needs, do: (*visit).numberPage},
		{Pattern: "POST " + number, needs: needs, do: (*visit).saveNumber},
		{Pattern: "POST " + number + "/delete", needs: needs, do: (*visit).deleteNumber},

		{Pattern: "GET " + inventory + "/trunks", needs: settings, do: (*visit).trunks},
		{Pattern: "GET " + inventory + "/live/trunks", needs: settings, do: (*visit).trunksLive},
		{Pattern: "GET " + inventory + "/add-trunk", needs: settings, do: (*visit).addTrunkPage},
		{Pattern: "POST " + inventory + "/add-trunk", needs: settings, do: (*visit).addTrunk},
		{Pattern: "GET " + trunk, needs: settings, do: (*visit).trunkPage},
		{Pattern: "POST " + trunk, needs: settings, do: (*visit).saveTrunk},
		{Pattern: "POST " + trunk + "/delete", needs: settings, do: (*visit).deleteTrunk},
	}
}
