package directory

import "fmt"

func (v *validator) numbers() {
	v.kind = KindNumber
	users := byID(v.office.Users, userID)
	seen := make(map[string]bool, len(v.office.Numbers))
	for i := range v.office.Numbers {
		n := &v.office.Numbers[i]
		v.id, v.name = n.ID, n.Number
		if !isE164(n.Number) {
			v.number("number", n.Number)
		}
		if seen[n.Number] {
			v.add("number", n.Number+" is there already", "let it lead to one user")
		}
		seen[n.Number] = true
		if n.UserID != "" && users[n.UserID] == nil {
			v.add("user", "the user does not exist", "name a user of the domain, or leave it empty for a number that leads nowhere")
		}
	}
}

func (v *validator) trunks() {
	v.kind = KindTrunk
	seen := make(map[string]*Trunk, len(v.office.Trunks))
	for i := range v.office.Trunks {
		t := &v.office.Trunks[i]
		v.id, v.name = t.ID, t.Name
		if !isDeviceName(t.Name) {
			v.add("name", fmt.Sprintf("%q is no name of a trunk", t.Name), "use 1 to 64 letters, digits, dots, hyphens and underscores")
		}
		v.trunk(t)
		if other := seen[t.Name]; other != nil {
			v.id = max(t.ID, other.ID) // the younger one, wherever its priority puts it
			v.add("name", "there is a trunk "+t.Name+" already", "choose another name")
		}
		seen[t.Name] = t
	}
}

func (v *validator) trunk(t *Trunk) {
	host, port, found := cutPort(t.Host)
	switch {
	case t.Host == "":
		v.add("host", "the carrier's host is missing", "write it as \"sip.carrier.example\" or \"192.0.2.7:5060\"")
	case !isHost(host) || found && !isPort(port):
		v.add("host", fmt.Sprintf("%q is no host", t.Host), "write it as \"sip.carrier.example\" or \"192.0.2.7:5060\"")
	}
	if t.Transport != "udp" && t.Transport != "tcp" {
		v.add("transport", fmt.Sprintf("%q is not known", t.Transport), "use \"udp\" or \"tcp\"")
	}
	v.login("", t.User, t.Password)
	if t.Register && t.User == "" {
		v.add("user", "a trunk that registers needs a user name and a password", "give both as the carrier told them, or switch register off")
	}
	v.between("priority", t.Priority, 0, 1000)
	v.between("max_calls", t.MaxCalls, 0, 100000)
}
