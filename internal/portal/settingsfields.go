package portal

import (
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func generalValues(d directory.Domain) map[string]string {
	return map[string]string{
		"timezone": d.TimeZone, "country": d.Country, "language": d.Language, "main_number": d.MainNumber, "keep_calls": strconv.Itoa(d.KeepCalls),
	}
}

func fillGeneral(d *directory.Domain, f *form) {
	d.TimeZone, d.Country, d.Language, d.MainNumber = f.text("timezone"), f.text("country"), f.text("language"), f.text("main_number")
	d.KeepCalls = f.whole("keep_calls")
}

func hotDeskingValues(d directory.Domain) map[string]string {
	h := d.HotDesking
	release := ""
	if h.ReleaseAt.Set {
		release = h.ReleaseAt.String()
	}
	values := map[string]string{
		"enabled": strconv.FormatBool(h.Enabled), "activate_phone": strconv.FormatBool(h.ActivatePhone), "desk_range": h.DeskRange.String(),
		"login_code": h.LoginCode, "release_code": h.ReleaseCode, "ask_ringing": strconv.FormatBool(h.AskRinging), "release_at": release,
		"warn_minutes": strconv.Itoa(h.WarnMinutes), "max_hours": strconv.Itoa(h.MaxHours), "idle_minutes": strconv.Itoa(h.IdleMinutes),
		"when_taken": string(h.WhenTaken), "take_over_idle": strconv.Itoa(h.TakeOverIdle), "when_elsewhere": string(h.WhenElsewhere),
	}
	named := make(map[string]string, len(values))
	for field, value := range values {
		named["hot_desking."+field] = value
	}
	return named
}

func fillHotDesking(d *directory.Domain, f *form) {
	const p = "hot_desking."
	h := &d.HotDesking
	h.Enabled, h.ActivatePhone, h.AskRinging = f.ticked(p+"enabled"), f.ticked(p+"activate_phone"), f.ticked(p+"ask_ringing")
	h.LoginCode, h.ReleaseCode = f.text(p+"login_code"), f.text(p+"release_code")
	h.WarnMinutes, h.MaxHours, h.IdleMinutes = f.whole(p+"warn_minutes"), f.whole(p+"max_hours"), f.whole(p+"idle_minutes")
	h.WhenTaken, h.WhenElsewhere = directory.WhenTaken(f.text(p+"when_taken")), directory.WhenElsewhere(f.text(p+"when_elsewhere"))
	h.TakeOverIdle = f.whole(p + "take_over_idle")
	desks, err := directory.ParseExtensionRange(f.text(p + "desk_range"))
	if err != nil {
		f.refuse(p+"desk_range", err.Error())
	}
	release := f.text(p + "release_at")
	if release == "" {
		release = directory.ClockTime{}.String()
	}
	at, err := directory.ParseClockTime(release)
	if err != nil {
		f.refuse(p+"release_at", err.Error())
	}
	h.DeskRange, h.ReleaseAt = desks, at
}

func callValues(d directory.Domain) map[string]string {
	o := d.Outside
	values := map[string]string{
		"outside.class": string(o.Class), "outside.desk_class": string(o.DeskClass), "outside.premium": strconv.FormatBool(o.Premium),
		"outside.max_calls": strconv.Itoa(o.MaxCalls), "outside.user_calls": strconv.Itoa(o.UserCalls),
	}
	for _, c := range d.Codes.Named() {
		if c.Code != &d.Codes.ToMailbox {
			values["codes."+c.Name] = *c.Code
		}
	}
	return values
}

func fillCalls(d *directory.Domain, f *form) {
	o := &d.Outside
	o.Class, o.DeskClass, o.Premium = directory.Class(f.text("outside.class")), directory.Class(f.text("outside.desk_class")), f.ticked("outside.premium")
	o.MaxCalls, o.UserCalls = f.whole("outside.max_calls"), f.whole("outside.user_calls")
	for _, c := range d.Codes.Named() {
		if c.Code != &d.Codes.ToMailbox {
			*c.Code = f.text("codes." + c.Name)
		}
	}
}

func voicemailValues(d directory.Domain) map[string]string {
	return map[string]string{
		"mailboxes.enabled": strconv.FormatBool(d.Mailboxes.Enabled), "mailboxes.max_messages": strconv.Itoa(d.Mailboxes.MaxMessages),
		"mailboxes.max_seconds": strconv.Itoa(d.Mailboxes.MaxSeconds), "hot_desking.mailbox_code": d.HotDesking.MailboxCode,
		"hot_desking.any_mailbox_code": d.HotDesking.AnyMailboxCode, "codes.to_mailbox": d.Codes.ToMailbox,
	}
}

func fillVoicemail(d *directory.Domain, f *form) {
	d.Mailboxes = directory.Mailboxes{
		Enabled: f.ticked("mailboxes.enabled"), MaxMessages: f.whole("mailboxes.max_messages"), MaxSeconds: f.whole("mailboxes.max_seconds"),
	}
	d.HotDesking.MailboxCode, d.HotDesking.AnyMailboxCode = f.text("hot_desking.mailbox_code"), f.text("hot_desking.any_mailbox_code")
	d.Codes.ToMailbox = f.text("codes.to_mailbox")
}

func emergencyValues(d directory.Domain) map[string]string {
	return map[string]string{
		"emergency.notify_extension": d.Emergency.NotifyExtension, "emergency.notify_email": d.Emergency.NotifyEmail,
	}
}

func fillEmergency(d *directory.Domain, f *form) {
	d.Emergency = directory.EmergencyPolicy{NotifyExtension: f.text("emergency.notify_extension"), NotifyEmail: f.text("emergency.notify_email")}
}

// mailValues leave the password out, which is never shown.
func mailValues(d directory.Domain) map[string]string {
	return map[string]string{"mail.address": d.Mail.Address, "mail.from": d.Mail.From, "mail.user": d.Mail.User, "mail.password": ""}
}

// fillMail keeps the password where none is given.
func fillMail(d *directory.Domain, f *form) {
	d.Mail.SetServer(f.text("mail.address"), f.text("mail.user"))
	d.Mail.From = f.text("mail.from")
	if password := f.Values.Get("mail.password"); password != "" {
		d.Mail.Password = password
	}
}

// signOnValues leave the secret out, which is never shown.
func signOnValues(d directory.Domain) map[string]string {
	return map[string]string{"sign_on.issuer": d.SignOn.Issuer, "sign_on.client_id": d.SignOn.ClientID, "sign_on.client_secret": ""}
}

// fillSignOn keeps the secret where none is given.
func fillSignOn(d *directory.Domain, f *form) {
	d.SignOn.SetProvider(f.text("sign_on.issuer"), f.text("sign_on.client_id"))
	if secret := f.Values.Get("sign_on.client_secret"); secret != "" {
		d.SignOn.ClientSecret = secret
	}
}

// outsideClasses are the classes of service, in words.
func outsideClasses() []choice {
	return []choice{
		{string(directory.ClassInside), "Inside the domain only"},
		{string(directory.ClassNational), "Numbers in the country"},
		{string(directory.ClassAll), "All numbers"},
	}
}

// whenTaken are the policies for a desk that somebody holds, each in a sentence.
func whenTaken() []choice {
	return []choice{
		{string(directory.TakenRefuse), "Refuse: the second person is told that the desk is taken"},
		{string(directory.TakenConfirm), "Confirm: the second person hears who has it, and may take it over"},
		{string(directory.TakenIdle), "Idle: as Confirm, but only when the desk is unused for some time"},
	}
}

// whenElsewhere are the policies for a person who is at another desk.
func whenElsewhere() []choice {
	return []choice{
		{string(directory.ElsewhereMove), "Move: the person leaves the earlier desk for the new one"},
		{string(directory.ElsewhereAllow), "Allow: the person holds both desks"},
		{string(directory.ElsewhereDeny), "Deny: the person must release the earlier desk first"},
	}
}

// codeFields are the star codes of a domain, each with what it is for.
func codeFields() []choice {
	return []choice{
		{"pickup", "Pick up a call elsewhere (+ extension)"},
		{"park", "Park a call"},
		{"forward_all", "Forward all calls (+ number)"},
		{"forward_all_off", "Forward all calls: off"},
		{"forward_busy", "Forward when busy (+ number)"},
		{"forward_busy_off", "Forward when busy: off"},
		{"forward_no_answer", "Forward when nobody answers (+ number)"},
		{"forward_no_answer_off", "Forward when nobody answers: off"},
		{"do_not_disturb", "Do not disturb"},
		{"disturb_again", "Do not disturb: off"},
		{"ring_here", "Ring only at the hot desk"},
		{"ring_everywhere", "Ring everywhere"},
		{"withhold", "Call without caller ID (+ number)"},
		{"emergency_test", "Hear what an emergency call would show"},
	}
}
