package usage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

// Subject is whose timeline somebody reads: one of the two is there.
type Subject struct {
	User   directory.User
	Device directory.Device
}

// Subject finds the person with an extension, or the device with a name, or
// fails with [ErrNoSubject].
func (s *Service) Subject(of Scope, name string) (Subject, error) {
	user, found := s.directory.UserByExtension(of.Domain.ID, name)
	if found && !user.IsDeskAccount(of.Domain.HotDesking) && of.sees(user.Site) {
		return Subject{User: user}, nil
	}
	device, found := s.directory.DeviceByName(of.Domain.ID, strings.ToLower(name))
	if found && of.sees(s.directory.SiteOf(device)) {
		return Subject{Device: device}, nil
	}
	return Subject{}, ErrNoSubject
}

// Moments tell what happened at a desk or to a person, the newest first: at
// most so many, 0 for all, and whether more are left.
func (s *Service) Moments(ctx context.Context, of Scope, whose Subject, most int) (moments []report.Moment, more bool, err error) {
	limit := most
	if most > 0 {
		limit++
	}
	deviceID, userID, span := whose.Device.ID, whose.User.ID, of.Span
	sessions, err := s.sessions.Sessions(ctx, hotdesk.Query{
		DomainID: of.Domain.ID, DeviceID: deviceID, UserID: userID, From: span.From, To: span.To, Limit: limit,
	})
	if err != nil {
		return nil, false, fmt.Errorf("read the sessions of a timeline: %w", err)
	}
	var entries []audit.Entry
	for _, action := range []string{"session.refused", "call.emergency"} {
		found, err := s.audit.Entries(ctx, audit.Query{
			DomainID: of.Domain.ID, DeviceID: deviceID, UserID: userID, Action: action, From: span.From, To: span.To, Limit: limit,
		})
		if err != nil {
			return nil, false, fmt.Errorf("read the entries of a timeline: %w", err)
		}
		entries = append(entries, found...)
	}
	calls, err := s.records.Records(ctx, callrecord.Query{
		DomainID: of.Domain.ID, DeviceID: deviceID, UserID: userID, From: span.From, To: span.To, Limit: limit,
	})
	if err != nil {
		return nil, false, fmt.Errorf("read the calls of a timeline: %w", err)
	}
	calls = slices.DeleteFunc(calls, func(r callrecord.Record) bool { return r.Result == callrecord.Service })
	moments, more = report.Timeline(sessions, entries, calls, most)
	return moments, more, nil
}
