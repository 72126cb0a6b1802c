package location

// Registered is the fact that a device answers at a new place. A REGISTER that
// only refreshes a binding is no news.
type Registered struct{ Binding Binding }

// Kind names the fact.
func (Registered) Kind() string { return "binding.registered" }

// Moved is the fact that a binding is reached over another way than before: its
// phone has registered anew, after its connection was lost or its address changed.
type Moved struct{ Binding Binding }

// Kind names the fact.
func (Moved) Kind() string { return "binding.moved" }

// Lost is the fact that a binding does not answer: its connection is gone, or
// its phone has left too many probes unanswered. It stays until it expires.
type Lost struct{ Binding Binding }

// Kind names the fact.
func (Lost) Kind() string { return "binding.lost" }

// Found is the fact that a binding that was lost answers again.
type Found struct{ Binding Binding }

// Kind names the fact.
func (Found) Kind() string { return "binding.found" }

// Unregistered is the fact that a binding was taken away.
type Unregistered struct{ Binding Binding }

// Kind names the fact.
func (Unregistered) Kind() string { return "binding.unregistered" }

// Expired is the fact that a binding was not refreshed in time.
type Expired struct{ Binding Binding }

// Kind names the fact.
func (Expired) Kind() string { return "binding.expired" }
