package officefile

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func readUser(s *section) userPlan {
	p := userPlan{at: s.table}
	u := &p.user
	s.text("extension", &u.Extension)
	s.text("name", &u.Name)
	s.text("email", &u.Email)
	s.text("scope", (*string)(&u.Scope))
	s.text("site", &u.Site)
	s.text("place", &u.Place)
	p.pin = readSecret(s, "pin")
	p.password = readSecret(s, "password")
	s.text("caller_id", &u.CallerID)
	s.flag("disabled", &u.Disabled)
	s.unless("hot_desking", &u.NoHotDesking)
	s.text("class", (*string)(&u.Class))
	readAnswering(s, &u.Answering)
	u.Extension = strings.TrimSpace(u.Extension)
	for _, device := range s.all("device", "[[user.device]]") {
		p.devices = append(p.devices, readDevice(device))
	}
	s.end()
	return p
}

func readSecret(s *section, key string) secretPlan {
	p := secretPlan{plain: s.maybe(key), hash: s.maybe(key + "_hash")}
	if p.plain != nil && p.hash != nil {
		s.flaw(s.lineOf(key+"_hash"), key+" and "+key+"_hash are both given", "leave one of the two")
	}
	return p
}

func readDevice(s *section) devicePlan {
	p := devicePlan{at: s.table}
	s.text("name", &p.device.Name)
	p.password = s.maybe("password")
	s.text("ha1_md5", &p.device.HA1MD5)
	s.text("ha1_sha256", &p.device.HA1SHA256)
	s.text("full_ha1_md5", &p.device.FullHA1MD5)
	s.text("full_ha1_sha256", &p.device.FullHA1SHA256)
	s.flag("disabled", &p.device.Disabled)
	if p.password != nil && p.device.HA1MD5+p.device.HA1SHA256 != "" {
		s.flaw(s.lineOf("password"), "password and ha1 values are both given", "leave one of the two")
	}
	p.device.Name = strings.ToLower(strings.TrimSpace(p.device.Name))
	s.end()
	return p
}

func readPhone(s *section) phonePlan {
	p := phonePlan{at: s.table}
	s.text("mac", &p.phone.MAC)
	s.text("model", &p.phone.Model)
	s.text("name", &p.phone.Name)
	s.text("site", &p.phone.Site)
	s.text("place", &p.phone.Place)
	p.phone.Devices = s.texts("devices")
	p.phone.MAC = directory.NormalMAC(p.phone.MAC)
	s.end()
	return p
}

func readAnswering(s *section, a *directory.Answering) {
	s.number("ring_seconds", &a.RingSeconds)
	s.flag("do_not_disturb", &a.DoNotDisturb)
	s.text("forward_all", &a.ForwardAll)
	s.text("forward_busy", &a.ForwardBusy)
	s.text("forward_no_answer", &a.ForwardNoAnswer)
	s.flag("ring_here_only", &a.RingHereOnly)
	s.unless("mailbox", &a.NoMailbox)
	s.unless("mailbox_pin", &a.MailboxWithoutPIN)
}

func readNumber(s *section) numberPlan {
	p := numberPlan{at: s.table}
	s.text("number", &p.number.Number)
	s.text("user", &p.user)
	p.number.Number, p.user = directory.NormalNumber(p.number.Number), strings.TrimSpace(p.user)
	s.end()
	return p
}

func readTrunk(s *section) trunkPlan {
	p := trunkPlan{at: s.table}
	t := &p.trunk
	s.text("name", &t.Name)
	s.text("host", &t.Host)
	s.text("transport", &t.Transport)
	s.flag("register", &t.Register)
	s.text("user", &t.User)
	p.password = s.maybe("password")
	s.number("priority", &t.Priority)
	s.number("max_calls", &t.MaxCalls)
	s.flag("disabled", &t.Disabled)
	t.Name = strings.ToLower(strings.TrimSpace(t.Name))
	s.end()
	return p
}
