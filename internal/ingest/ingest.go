// Package ingest takes reports in. It reads HTTP requests (JSON and a plain
// form), the salts of the day, what the caps have learned and, at a start, the
// last half hour of its own topic; it writes the topic reports, and for intake the
// topics agents, measurements and observations, each with its minute ticks, and it is
// the only writer of all four.
//
// Method: requests are checked on their own goroutines and handed to one
// committer, which stamps the minute, decides whether the reporter counts and
// appends a batch; a request is answered when its batch is on stable storage.
// The minute is ticked when it is over, so followers get a pure function of the
// topic. No address is stored: see salts.go.
//
// Limits: the queue and the batch are bounded; what does not fit is refused with
// 503 and Retry-After, never dropped silently.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"faultline/internal/cap"
	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/stream"
	"faultline/outage"
)

// Services answers what can be reported.
type Services interface {
	Get(id string) (outage.Service, bool)
	// Search finds what may have been meant, the best first.
	Search(query string, n int) []outage.Service
}

// Places answers where an address is.
type Places interface {
	Lookup(netip.Addr) geo.Place
}

// Space says how many bytes are left for the log.
type Space interface {
	Free() (uint64, error)
}

// Deps is what ingest stands on.
type Deps struct {
	Log      stream.Log
	Clock    clock.Clock
	Services Services
	Places   Places
	Space    Space    // nil: not watched
	Driver   Driver   // of a driven world's clock; else nil
	Private  string   // directory of the salts
	State    string   // directory of what the caps have learned
	Metrics  *Metrics // nil: none
}

// Ingest is the part. Run it before its handlers are served.
type Ingest struct {
	Config
	Deps
	salts  *salts
	exempt map[uint32]bool
	queue  chan *job
	ended  chan struct{} // closed when the committer has gone

	// Of the committer alone:
	window  *window
	caps    *cap.Caps
	learnt  outage.Minute // when the shares were last saved
	minute  outage.Minute // the open minute; 0 before the first
	serial  uint64        // tells imported counts of one minute apart
	failing bool          // the last append failed
}

// Limits of the committer.
const (
	// queueSize is how many presses wait for a commit; more are refused with 503.
	queueSize = 8192
	// batchSize is how many are committed at once: larger batches are a little
	// cheaper each and make the first of them wait longer.
	batchSize = 1024
)

var (
	errBusy     = errors.New("too many reports at once: try again in a few seconds")
	errStopping = errors.New("faultline is stopping: try again in a moment")
)

// job is one request on its way through the committer.
type job struct {
	report   outage.Report // without minute, id and weight of a press
	key      reporterKey
	before   *reporterKey // the key under yesterday's salt, near midnight
	site     uint64       // the wider network, a keyed hash
	exempt   bool         // its network has no cap
	imported bool         // counts as it says: no window, no cap
	recorded bool         // from a recording: no cap, which needs networks as they were
	mark     bool         // no report: answered when all before it, ticks too, are saved
	batch    stream.Batch // no report: what intake wants appended
	done     chan result
}

type result struct {
	report    outage.Report
	duplicate bool
	err       error
}

// New makes the part and opens the salts.
func New(cfg Config, deps Deps) (*Ingest, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure ingest: %w", err)
	}
	s, err := openSalts(deps.Private)
	if err != nil {
		return nil, err
	}
	in := &Ingest{
		Config: cfg, Deps: deps, salts: s, exempt: map[uint32]bool{},
		queue: make(chan *job, queueSize), ended: make(chan struct{}), window: newWindow(),
	}
	for _, n := range cfg.ExemptNetworks {
		in.exempt[n] = true
	}
	in.caps, err = openCaps(deps.State)
	return in, err
}

// submit hands a job to the committer and waits for its batch. A request whose
// client has gone is still committed.
func (in *Ingest) submit(j *job) (result, error) {
	j.done = make(chan result, 1)
	select {
	case in.queue <- j:
	default:
		return result{}, errBusy
	}
	r, err := in.await(context.Background(), j.done)
	return r, errors.Join(err, r.err)
}

// Commit appends what intake asks for, in one step with the reports and the ends of
// minutes. When it returns nil, that is on stable storage; else nothing of it is.
func (in *Ingest) Commit(b stream.Batch) error {
	_, err := in.submit(&job{batch: b})
	return err
}

// await waits for an answer of the committer, or for its end.
func (in *Ingest) await(ctx context.Context, done <-chan result) (result, error) {
	select {
	case r := <-done:
		return r, nil
	case <-ctx.Done():
		return result{}, ctx.Err()
	case <-in.ended:
	}
	select {
	case r := <-done: // answered just before the end
		return r, nil
	default:
		return result{}, errStopping
	}
}

// Feed takes in recorded or generated counts at the world's present minute. It
// returns when they are on stable storage. They are distinct reporters already,
// so neither window nor cap applies.
func (in *Ingest) Feed(ctx context.Context, reports []outage.Report) error {
	jobs := make([]*job, len(reports))
	for i := range reports {
		jobs[i] = &job{report: reports[i], imported: true}
	}
	return in.enqueue(ctx, jobs)
}

// enqueue hands many jobs to the committer and waits for all of them. Unlike
// submit it waits for room in the queue: its callers are few.
func (in *Ingest) enqueue(ctx context.Context, jobs []*job) error {
	done := make(chan result, len(jobs))
	for _, j := range jobs {
		j.done = done
		select {
		case in.queue <- j:
		case <-in.ended:
			return errStopping
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for range jobs {
		r, err := in.await(ctx, done)
		if err := errors.Join(err, r.err); err != nil {
			return err
		}
	}
	return nil
}
