package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// softphoneCommand is a softphone for the terminal and for scripts.
type softphoneCommand struct {
	Account  string `arg:"" name:"user@server" help:"Whose phone it is: 1002@192.0.2.10, or with a port."`
	Password string `help:"Its password; \"ask\" asks for it on the terminal." placeholder:"TEXT|ask"`
	Login    string `help:"The name that goes with the password, where it is not the user." placeholder:"NAME"`
	Name     string `help:"The name to show to those who are called." placeholder:"TEXT"`
	Server   string `help:"Where to register, where it is not the server of the account." placeholder:"HOST[:PORT]"`
	Listen   string `help:"Own address; otherwise chosen to fit the server." placeholder:"IP:PORT"`

	Transport string `help:"udp or tcp. (default ${default})" enum:"udp,tcp" default:"udp" placeholder:"NAME"`
	Register  bool   `help:"Register, so that calls come in; --no-register only calls out." default:"true" negatable:""`

	Dial       string `help:"Call this, and end when the call has ended." placeholder:"NUMBER"`
	AutoAnswer bool   `help:"Answer every call at once."`
	Press      string `help:"Keys to press in the first call once it is answered: 0-9 * # A-D; a comma waits half a second." placeholder:"KEYS"`
	Digits     string `help:"How keys are sent: rfc4733 events, info messages or inband tones. (default ${default})" enum:"rfc4733,info,inband" default:"rfc4733" placeholder:"WAY"`
	Play       string `help:"WAV file to speak into each call, after the keys." placeholder:"FILE"`
	Record     string `help:"WAV file to write what is heard to; the second call's is FILE-2, and so on." placeholder:"FILE"`

	For         time.Duration `help:"End this long after registering, and hang up." placeholder:"TIME"`
	UntilHangup bool          `help:"End when a call that was answered has ended."`
	JSON        bool          `name:"json" help:"Write what happens as JSON, one object a line."`
}

// Help is printed below the flags.
func (*softphoneCommand) Help() string {
	return `Registers, shows who calls, and does what is typed, each line with Enter:
  a number      call it; in a call its digits are sent
  a             answer             x   hang up, or decline
  h             hold               r   resume
  q             quit               ?   this list

The exit status is 0, or 1 when the phone could not register, the call of --dial
was refused or not answered, --until-hangup saw no call, or a recording failed.
The password can also stand in HOTDESK_PASSWORD.

Examples:
  hotdesk phone use 1002@192.0.2.10 --password ask
  hotdesk phone 5401@192.0.2.10 --dial '*88' --press '1001#4711#'
  hotdesk phone 1002@192.0.2.10 --auto-answer --until-hangup --record heard.wav
  hotdesk phone 1002@192.0.2.10 --dial 1001 --play hello.wav --for 10s --json`
}

// Validate refuses what could only fail in the middle of a call.
func (c *softphoneCommand) Validate() error {
	if i := strings.IndexFunc(c.Press, notKey); i >= 0 {
		return fmt.Errorf("--press %q: %q is no key: use 0-9 * # A-D and commas", c.Press, c.Press[i:i+1])
	}
	if c.For < 0 {
		return fmt.Errorf("--for %v: the time must not be negative", c.For)
	}
	if c.Listen != "" {
		if _, err := netip.ParseAddrPort(c.Listen); err != nil {
			return fmt.Errorf("--listen %q: an IP address and a port are needed, as 192.0.2.20:0", c.Listen)
		}
	}
	_, _, err := c.account()
	return err
}

func notKey(key rune) bool { return !strings.ContainsRune("0123456789*#ABCD,", key) }

// account splits user@server.
func (c *softphoneCommand) account() (user, server string, err error) {
	text := strings.TrimPrefix(c.Account, "sip:")
	at := strings.LastIndexByte(text, '@')
	if at <= 0 || at == len(text)-1 {
		return "", "", fmt.Errorf("%q is no account: write user@server, as 1002@192.0.2.10", c.Account)
	}
	return text[:at], text[at+1:], nil
}

// Run is the phone, until it is switched off.
func (c *softphoneCommand) Run(ctx context.Context, con console) error {
	if c.Password == askWord {
		var err error
		if c.Password, err = con.ask("password"); err != nil {
			return err
		}
	}
	p := &terminalPhone{softphoneCommand: c, con: con, events: newEventQueue(), numbers: map[*softphone.Call]int{}}
	var err error
	if p.sound, err = readSound(c.Play); err != nil {
		return err
	}
	cfg, err := c.config(con)
	if err != nil {
		return err
	}
	cfg.OnEvent = p.events.put
	if p.phone, err = softphone.New(cfg); err != nil {
		return err
	}
	return p.run(ctx)
}

func (c *softphoneCommand) config(con console) (softphone.Config, error) {
	user, server, err := c.account()
	if err != nil {
		return softphone.Config{}, err
	}
	resolver, err := resolve.New(resolve.Config{})
	if err != nil {
		return softphone.Config{}, fmt.Errorf("prepare name look-ups: %w", err)
	}
	cfg := softphone.Config{
		Server: server, User: user, Login: c.Login, Password: c.Password, Display: c.Name,
		Transport: sip.Transport(c.Transport), Digits: softphone.DigitMethod(c.Digits), MaxCalls: 1,
		Listen: c.Listen, Resolver: resolver,
		Log: slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if c.Server != "" {
		cfg.Server, cfg.Domain = c.Server, hostOf(server)
	}
	if cfg.Listen == "" {
		cfg.Listen = listenFor(cfg.Server)
	}
	return cfg, nil
}

// hostOf cuts the port off.
func hostOf(server string) string {
	if host, _, err := net.SplitHostPort(server); err == nil {
		return host
	}
	return strings.Trim(server, "[]")
}

// listenFor chooses where a phone listens: where its server can reach it.
func listenFor(server string) string {
	host := hostOf(server)
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "localhost" || err == nil && ip.IsLoopback() && ip.Is4():
		return "127.0.0.1:0"
	case err == nil && ip.IsLoopback():
		return "[::1]:0"
	case err == nil && ip.Is6():
		return "[::]:0"
	default:
		return "0.0.0.0:0"
	}
}

// readSound reads the file to play; none is silence.
func readSound(name string) ([]int16, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name) //nolint:gosec // the user's own choice
	if err != nil {
		return nil, err
	}
	pcm, err := wav.Read(file)
	if err != nil {
		err = fmt.Errorf("read %s: %w", name, err)
	}
	return pcm, errors.Join(err, file.Close())
}
