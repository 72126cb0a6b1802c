package main

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func TestAnswersAt(t *testing.T) {
	t.Parallel()
	for want, flows := range map[string][]string{
		"":                                   nil,
		"udp:192.0.2.1:5060":                 {"udp:192.0.2.1:5060"},
		"udp:192.0.2.1:5060 tcp:192.0.2.2:9": {"udp:192.0.2.1:5060", "tcp:192.0.2.2:9"},
	} {
		var d resource.Device
		for _, flow := range flows {
			d.Registrations = append(d.Registrations, resource.Registration{Flow: flow})
		}
		if got := answersAt(d); got != want {
			t.Errorf("%v: %q", flows, got)
		}
	}
}
