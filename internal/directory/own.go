package directory

// changesOwn reports whether an edit changes nothing but what people may change
// of their own account, whatever scope they have: PIN, portal password, what
// becomes of their calls, and which of their numbers is shown.
func changesOwn(actor Actor, e Edit) bool {
	c := e.Change
	if c.accounts() != 1 || len(c.PutUsers) != 1 {
		return false
	}
	is := c.PutUsers[0]
	was := byID(e.Before.Users, userID)[is.ID]
	own := Target{DomainID: e.After.Domain.ID, UserID: is.ID}
	if was == nil || actor.UserID != is.ID || !May(actor, ActUseOwn, own) {
		return false
	}
	if is.CallerID != was.CallerID && !mayShow(e.After, is) {
		return false
	}
	allowed := *was
	allowed.PINHash, allowed.PasswordHash, allowed.CallerID = is.PINHash, is.PasswordHash, is.CallerID
	allowed.Answering.DoNotDisturb, allowed.Answering.RingHereOnly = is.Answering.DoNotDisturb, is.Answering.RingHereOnly
	allowed.Answering.ForwardAll = is.Answering.ForwardAll
	allowed.Answering.ForwardBusy, allowed.Answering.ForwardNoAnswer = is.Answering.ForwardBusy, is.Answering.ForwardNoAnswer
	return sameUser(&allowed, &is)
}

// mayShow reports whether a user may choose that caller ID: none but one of the
// user's own numbers or the main number.
func mayShow(o Office, user User) bool {
	switch user.CallerID {
	case "", Withheld, o.Domain.MainNumber:
		return true
	}
	for _, n := range o.Numbers {
		if n.Number == user.CallerID && n.UserID == user.ID {
			return true
		}
	}
	return false
}
