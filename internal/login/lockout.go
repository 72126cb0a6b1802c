package login

import "time"

// Limits say how many wrong tries lock a subject, and for how long.
type Limits struct {
	Tries  int           // wrong tries in each round
	First  time.Duration // how long the first round locks; each next one twice as long
	Most   time.Duration // the longest a round locks
	Window time.Duration // a subject that has been quiet and unlocked for so long starts afresh
}

// AccountLimits are those of an account. In the long run they leave an
// attacker five tries a day, of the ten thousand that the shortest PIN needs.
func AccountLimits() Limits {
	return Limits{Tries: 5, First: time.Minute, Most: 24 * time.Hour, Window: 24 * time.Hour}
}

// SourceLimits are those of a device or another place that many people log in
// from; it forgets sooner, because not everybody who mistypes tries again.
func SourceLimits() Limits {
	return Limits{Tries: 5, First: time.Minute, Most: 24 * time.Hour, Window: time.Hour}
}

// Locked reports whether a subject is locked, and until when.
func Locked(f Failures, now time.Time) (until time.Time, locked bool) {
	if f.LockedTo.After(now) {
		return f.LockedTo, true
	}
	return time.Time{}, false
}

// Failed is a subject after one more wrong try.
func (l Limits) Failed(f Failures, now time.Time) Failures {
	f = l.aged(f, now)
	f.Count++
	f.LastAt = now
	if f.Count%l.Tries == 0 {
		f.Rounds++
		f.LockedTo = now.Add(l.lock(f.Rounds))
	}
	return f
}

// Forgiven is a source, whose limits these are, after a right try of an account
// that had failed before: it is no longer held against the source that the
// person mistyped. Wrong tries for other accounts stay, or an attacker could
// wash them off with an account of his own.
func (l Limits) Forgiven(source, account Failures, now time.Time) Failures {
	source, account = l.aged(source, now), l.aged(account, now)
	source.Count = max(source.Count-account.Count, 0)
	source.Rounds = min(source.Rounds, source.Count/l.Tries)
	return source
}

// lock is how long a round locks.
func (l Limits) lock(round int) time.Duration {
	d := l.First
	for range round - 1 {
		if d >= l.Most {
			break
		}
		d *= 2
	}
	return min(d, l.Most)
}

// aged forgets what lies further back than the window.
func (l Limits) aged(f Failures, now time.Time) Failures {
	last := f.LastAt
	if f.LockedTo.After(last) {
		last = f.LockedTo
	}
	if now.Sub(last) >= l.Window {
		return Failures{Subject: f.Subject}
	}
	return f
}
