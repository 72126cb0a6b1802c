package sipserver

import (
	"container/heap"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// prober asks phones by OPTIONS whether they are still there. For a phone behind
// NAT over UDP that also keeps the way to it open.
type prober struct {
	cfg    Config
	policy ProbePolicy

	mu     sync.Mutex
	queue  queue
	known  map[string]*probe // by binding ID
	flight int
}

// probe is when a binding is to be asked next, and how often it did not answer.
type probe struct {
	device, binding string
	at              int64 // Unix nanoseconds: there are many
	place           int64 // the time by which it stands in the queue: at, or earlier
	misses          int32
	index           int32 // in the queue; -1 while the request is on its way
}

func newProber(cfg Config) *prober {
	return &prober{cfg: cfg, policy: cfg.Probes, known: make(map[string]*probe)}
}

// watch has a binding asked from now on. One that was just registered has shown
// that it lives.
func (p *prober) watch(b location.Binding) {
	p.schedule(b, p.interval(b))
}

func (p *prober) schedule(b location.Binding, in time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.cfg.Now().Add(in).UnixNano()
	have := p.known[b.ID]
	if have == nil {
		one := &probe{device: b.DeviceID, binding: b.ID, at: at, place: at}
		p.known[b.ID] = one
		heap.Push(&p.queue, one)
		return
	}
	have.misses, have.at = 0, at
	// One that got more time, as by nearly every REGISTER, is moved when its old time has come.
	if have.index >= 0 && at < have.place {
		have.place = at
		heap.Fix(&p.queue, int(have.index))
	}
}

// interval is the time until a phone is asked again, 20 % more or less, so that
// phones which registered together are not asked together for ever.
func (p *prober) interval(b location.Binding) time.Duration {
	every := p.policy.Others
	if b.NAT && isUDP(b) {
		every = p.policy.NAT
	}
	return every*4/5 + time.Duration(p.policy.Rand(uint64(every)*2/5+1)) //nolint:gosec // below every
}

func isUDP(b location.Binding) bool {
	flow, err := sip.ParseFlow(b.Flow)
	return err == nil && flow.Transport == sip.UDP
}

// run asks whoever is due until the context ends. The bindings that were there
// before the start are spread over their first interval.
func (p *prober) run(ctx context.Context) error {
	for b := range p.cfg.Locations.All() {
		p.schedule(b, time.Duration(p.policy.Rand(uint64(p.interval(b))+1))) //nolint:gosec // below the interval
	}
	tick := p.policy.Tick
	if tick == nil {
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
			for one := p.due(); one != nil; one = p.due() {
				p.ask(one)
			}
		}
	}
}

// due takes the next probe whose time has come, unless enough are on the way.
func (p *prober) due() *probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.cfg.Now().UnixNano()
	for p.queue.Len() > 0 && p.flight < p.policy.Flight {
		first := p.queue.probes[0]
		switch {
		case first.place > now:
			return nil
		case first.at > now:
			first.place = first.at
			heap.Fix(&p.queue, 0)
		default:
			p.flight++
			return heap.Pop(&p.queue).(*probe) //nolint:forcetypeassert // nothing else is pushed
		}
	}
	return nil
}

// ask sends one OPTIONS. A binding that is no longer there is forgotten.
func (p *prober) ask(one *probe) {
	bindings := p.cfg.Locations.Bindings(one.device)
	i := slices.IndexFunc(bindings, func(b location.Binding) bool { return b.ID == one.binding })
	if i < 0 {
		p.forget(one)
		return
	}
	b := bindings[i]
	if (!b.NAT || len(b.Path) > 0) && p.disconnected(b) {
		// A call can open the way anew, so its being closed says nothing.
		p.answered(one, b, nil)
		return
	}
	req, flow, err := p.request(b)
	if err == nil {
		_, err = p.cfg.Engine.Send(req, flow, func(r sip.Reply) {
			// Any response, also one that refuses, comes from a phone that lives.
			if r.Err != nil || r.Response.StatusCode >= 200 {
				p.answered(one, b, r.Err)
			}
		})
	}
	if err != nil {
		p.answered(one, b, err)
	}
}

func (p *prober) disconnected(b location.Binding) bool {
	flow, err := sip.ParseFlow(b.Flow)
	return err == nil && !p.cfg.Engine.Alive(flow)
}

func (p *prober) forget(one *probe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight--
	delete(p.known, one.binding)
}

// answered notes how a probe went and when the next is due.
func (p *prober) answered(one *probe, b location.Binding, err error) {
	p.mu.Lock()
	p.flight--
	next := p.interval(b)
	was := one.misses
	if err == nil {
		one.misses = 0
	} else {
		one.misses++
		if int(one.misses) < p.policy.Misses {
			next = min(next, p.policy.Again)
		}
	}
	misses := one.misses
	one.at = p.cfg.Now().Add(next).UnixNano()
	one.place = one.at
	heap.Push(&p.queue, one)
	p.mu.Unlock()
	p.mark(b, int(was), int(misses))
	if p.policy.Done != nil {
		p.policy.Done(b)
	}
}

// mark tells the location service of a phone that has stopped or begun to answer.
func (p *prober) mark(b location.Binding, was, misses int) {
	switch {
	case misses == p.policy.Misses:
		p.cfg.Log.Info("a phone does not answer", slog.String("device", b.DeviceID), slog.String("flow", b.Flow))
		p.cfg.Locations.SetReachable(b.DeviceID, b.ID, false)
	case misses == 0 && was >= p.policy.Misses:
		p.cfg.Log.Info("a phone answers again", slog.String("device", b.DeviceID), slog.String("flow", b.Flow))
		p.cfg.Locations.SetReachable(b.DeviceID, b.ID, true)
	}
}

// request makes the OPTIONS for a binding: to its contact, over its flow, through
// the proxies it registered through.
func (p *prober) request(b location.Binding) (*sip.Request, sip.Flow, error) {
	flow, err := sip.ParseFlow(b.Flow)
	if err != nil {
		return nil, sip.Flow{}, err
	}
	if !p.cfg.Engine.Alive(flow) {
		return nil, sip.Flow{}, sip.ErrFlowGone
	}
	contact, err := sip.ParseURI(b.Contact)
	if err != nil {
		return nil, sip.Flow{}, err
	}
	local := p.cfg.Engine.Local(flow).String()
	req := sip.NewRequest(sip.OPTIONS, contact,
		sip.NewHeader("From", "<sip:"+local+">;tag="+sip.NewTag()),
		sip.NewHeader("To", "<"+b.Contact+">"),
		sip.NewHeader("Call-ID", sip.NewCallID()),
		sip.NewHeader("CSeq", strconv.Itoa(1)+" OPTIONS"),
		sip.NewHeader("Contact", "<sip:"+local+">"),
		sip.NewHeader("Accept", "application/sdp"))
	for _, route := range b.Path {
		req.AppendHeader(sip.NewHeader("Route", route))
	}
	return req, flow, nil
}

// queue orders probes by time; see [heap.Interface].
type queue struct{ probes []*probe }

func (q *queue) Len() int           { return len(q.probes) }
func (q *queue) Less(i, j int) bool { return q.probes[i].place < q.probes[j].place }
func (q *queue) Swap(i, j int) {
	q.probes[i], q.probes[j] = q.probes[j], q.probes[i]
	q.probes[i].index, q.probes[j].index = int32(i), int32(j) //nolint:gosec // G115: far fewer
}

// Push adds a probe at the end.
func (q *queue) Push(x any) {
	one := x.(*probe)                //nolint:forcetypeassert // nothing else is pushed
	one.index = int32(len(q.probes)) //nolint:gosec // G115: far fewer
	q.probes = append(q.probes, one)
}

// Pop takes the last probe.
func (q *queue) Pop() any {
	last := len(q.probes) - 1
	one := q.probes[last]
	q.probes[last], q.probes = nil, q.probes[:last]
	one.index = -1
	return one
}
