package hotdesk

import (
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// KeepWithin is how long before the nightly release a login by the holder
// keeps the desk past it, unless desks are warned earlier; a longer time before,
// that release still stands.
const KeepWithin = 15 * time.Minute

// EndsAt tells when the clock ends a session that starts at a time, and which
// limit that is: the next release time in the domain's zone or the hour limit,
// whichever comes first. The zero time means never.
//
// A release time that does not exist on the day the clocks go forward is the
// instant at which they jump; one that exists twice is the first of the two.
func EndsAt(policy directory.HotDesking, zone *time.Location, startedAt time.Time) (time.Time, Reason) {
	return firstLimit(nextRelease(policy.ReleaseAt, zone, startedAt), hourLimit(policy, startedAt))
}

// KeptUntil tells the new end of a session whose holder logs in again: as
// [EndsAt], but a nightly release less than [KeepWithin] away is left out, and one
// that the desk has been warned of.
func KeptUntil(policy directory.HotDesking, zone *time.Location, now time.Time) (time.Time, Reason) {
	return firstLimit(nextRelease(policy.ReleaseAt, zone, now.Add(max(KeepWithin, warning(policy)))), hourLimit(policy, now))
}

// Due reports whether a session's time is up, and by which limit: its stored
// end, or the idle limit, which never counts during a call.
func Due(policy directory.HotDesking, s Session, inCall bool, now time.Time) (Reason, bool) { //nolint:revive // flag-parameter: being in a call is an input of the rule
	if timeIsUp(s, now) {
		return s.limit(), true
	}
	if idle := idleLimit(policy); idle > 0 && !inCall && s.UsedAt.Before(now.Add(-idle)) {
		return IdleLimit, true
	}
	return "", false
}

func timeIsUp(s Session, now time.Time) bool { return !s.EndsAt.IsZero() && !s.EndsAt.After(now) }

func (s Session) limit() Reason {
	if s.EndsAs == "" {
		return Nightly
	}
	return s.EndsAs
}

func idleLimit(policy directory.HotDesking) time.Duration {
	return time.Duration(max(policy.IdleMinutes, 0)) * time.Minute
}

func hourLimit(policy directory.HotDesking, startedAt time.Time) time.Time {
	if policy.MaxHours <= 0 {
		return time.Time{}
	}
	return startedAt.Add(time.Duration(policy.MaxHours) * time.Hour)
}

func firstLimit(nightly, hours time.Time) (time.Time, Reason) {
	switch {
	case nightly.IsZero() && hours.IsZero():
		return time.Time{}, ""
	case nightly.IsZero() || !hours.IsZero() && hours.Before(nightly):
		return hours.UTC(), HourLimit
	default:
		return nightly.UTC(), Nightly
	}
}

// nextRelease is the first release time after an instant, zero when the clock
// never releases.
func nextRelease(at directory.ClockTime, zone *time.Location, after time.Time) time.Time {
	if !at.Set {
		return time.Time{}
	}
	year, month, day := after.In(zone).Date()
	for ahead := 0; ; ahead++ {
		// The clocks reach a later day's release time later or, when they skip
		// a whole day, in the same instant; so the loop ends within days.
		release := reaches(zone, time.Date(year, month, day+ahead, at.Hour, at.Minute, 0, 0, time.UTC))
		if release.After(after) {
			return release
		}
	}
}

// reaches is the first instant at which the clocks of a zone show the wall
// time or a later one. The wall time is given as if it were UTC. [time.Date]
// does not do: which side of a jump it takes is not promised.
func reaches(zone *time.Location, wall time.Time) time.Time {
	// No zone is this far ahead of UTC, so its clocks have not reached it yet.
	from := wall.Add(-16 * time.Hour)
	for {
		shown := wall.Add(-offset(zone, from))
		if shown.Before(from) {
			return from // the jump to this offset went past it
		}
		to := offsetEnds(zone, from)
		if shown.Before(to) {
			return shown
		}
		from = to
	}
}

// offsetEnds is an instant within the next hour up to which the offset of an
// instant lasts: the one at which it changes, if it does.
// [time.Time.ZoneBounds] would tell at once, but for zones whose rules change
// before midnight (America/Nuuk) it names an end that lies in the past.
func offsetEnds(zone *time.Location, from time.Time) time.Time {
	same, other := from, from.Add(time.Hour)
	if offset(zone, other) == offset(zone, from) {
		return other
	}
	for other.Sub(same) > time.Second {
		middle := same.Add(other.Sub(same) / 2).Truncate(time.Second)
		if offset(zone, middle) == offset(zone, from) {
			same = middle
		} else {
			other = middle
		}
	}
	return other
}

func offset(zone *time.Location, at time.Time) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
