// Package app builds everything from one Config and runs it: Start, Run, Stop.
// It knows no signals and no command line, so that tests run it in-process.
package app

import (
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// Config is every setting of the server. The flags, the HOTDESK_… variables
// and the TOML file are this one struct.
type Config struct {
	Data     string   `help:"Folder for everything the server keeps. (default ${default})" default:"data" placeholder:"DIR"`
	SIP      string   `name:"sip" help:"Address for SIP over UDP and TCP; port 0 picks a free one. (default ${default})" default:"127.0.0.1:5060" placeholder:"ADDR"`
	HTTP     string   `name:"http" help:"Address for the API; port 0 picks a free one. (default ${default})" default:"127.0.0.1:8080" placeholder:"ADDR"`
	URL      string   `name:"url" help:"Where browsers reach the portal, for links in e-mail and single sign-on: http:// and the address above unless set." placeholder:"https://…"`
	RTPPorts string   `name:"rtp-ports" help:"UDP ports for sound; 0 takes any free ones. (default ${default})" default:"10000-19999" placeholder:"FIRST-LAST"`
	Database string   `help:"sqlite, or the URL of a PostgreSQL database. (default ${default})" default:"sqlite" placeholder:"sqlite|postgres://…"`
	Digest   []string `help:"Password algorithms offered to phones, preferred first. Many phones fail when they are offered one they do not know. (default ${default})" enum:"md5,sha-256" default:"md5" placeholder:"md5|sha-256"`

	Edges         []Network `help:"Proxies of ours in front of the server, such as Kamailio: they are never throttled or banned, and phones behind them are reached by the Path they add." placeholder:"NETWORK"`
	Advertise     IP        `help:"IP address that phones are told, in SIP and for sound, when 1:1 NAT hides the server's own." placeholder:"IP"`
	LocalNetworks []Network `help:"Phones on this side of that NAT, which are told the server's own address. (default ${default})" default:"10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1" placeholder:"NETWORK"`

	WebhookNetworks []Network `help:"Networks to which webhooks may go besides the public Internet, and over plain http. Those that are set on the command line may go anywhere." placeholder:"NETWORK"`

	LogLevel    slog.Level    `help:"debug, info, warn or error. (default ${default})" default:"info" placeholder:"LEVEL"`
	Drain       time.Duration `help:"How long calls may go on after SIGTERM. (default ${default})" default:"30s" placeholder:"TIME"`
	RingFor     time.Duration `help:"How long phones ring of users who have not said. (default ${default})" default:"25s" placeholder:"TIME"`
	ParkFor     time.Duration `help:"How long a parked call waits before it comes back. (default ${default})" default:"3m" placeholder:"TIME"`
	ActivateFor time.Duration `help:"How long a phone rings that is to be activated. (default ${default})" default:"30s" placeholder:"TIME"`

	// Now tells date and time; nil is the system's clock. Tests move it.
	Now func() time.Time `kong:"-"`
	// SIPTimers are those of RFC 3261 where they are set. Tests shorten them.
	SIPTimers sip.Timers `kong:"-"`
	// TrunkPace is when carriers are spoken to, and LinePatience how long they
	// may say nothing to a call, where they are set. Tests shorten them.
	TrunkPace    trunk.Pace    `kong:"-"`
	LinePatience time.Duration `kong:"-"`
}
