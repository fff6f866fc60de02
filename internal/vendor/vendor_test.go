package vendor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/clock"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// services is a catalog that can be changed.
type services struct {
	mu   sync.Mutex
	list []outage.Service
}

func (s *services) Services() []outage.Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}

func (s *services) set(list ...outage.Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
}

// fake answers for status pages and counts the looks.
type fake struct {
	mu     sync.Mutex
	body   string
	err    error
	looks  []time.Time
	etag   string
	url    string
	asking int
	most   int
	slow   time.Duration
}

func (f *fake) Fetch(ctx context.Context, r Request) (Answer, error) {
	f.mu.Lock()
	f.looks = append(f.looks, time.Now())
	f.asking++
	f.most = max(f.most, f.asking)
	f.etag, f.url = r.ETag, r.URL
	body, err, slow := f.body, f.err, f.slow
	f.mu.Unlock()
	_ = clock.Pause(ctx, slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asking--
	return Answer{Body: []byte(body), ETag: "v"}, err
}

func (f *fake) say(body string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.body, f.err = body, err
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.looks)
}

// last is what was asked last, and most how many asked at once.
func (f *fake) last() (url, etag string, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.url, f.etag, f.most
}

const (
	pageUp  = `{"page":{},"status":{"indicator":"none","description":"All Systems Operational"}}`
	pageBad = `{"page":{},"status":{"indicator":"major","description":"Outage"},"incidents":[{"id":"1","name":"N","status":"investigating"}]}`
)

// part starts the part in a bubble, where an hour takes no time.
func part(t *testing.T, log stream.Log, cat *services, f *fake) (stop func()) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Contact = "ops@faultline.example"
	v, err := New(cfg, Deps{Log: log, Clock: clock.Real{}, Services: cat, Fetcher: f, Metrics: NewMetrics(prometheus.NewRegistry())})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the part ended with %v", err)
		}
	}
}

// said lists the words in the log, in short.
func said(t *testing.T, log stream.Log) string {
	t.Helper()
	recs, err := log.Read(t.Context(), stream.Words.Name, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range recs {
		w, err := stream.Words.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, w.Service+":"+string(w.Status))
	}
	return strings.Join(list, " ")
}

func service(id, page string) outage.Service { return outage.Service{ID: id, StatusPage: page} }

// Who names services has only their pages read.
func TestOnly(t *testing.T) {
	cat := &services{}
	cat.set(service("a", "https://one.example"), service("b", "https://two.example"))
	cfg := DefaultConfig()
	cfg.Contact, cfg.Only = "mailto:ops@example.org", []string{"b", "c"}
	v, err := New(cfg, Deps{Services: cat, Fetcher: &fake{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := v.wanted(); len(got) != 1 || got["https://two.example"] == nil {
		t.Errorf("pages to read: %v", got)
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, f, cat := memory.New(), &fake{body: pageUp}, &services{}
		cat.set(service("a", "https://status.example"), service("b", "https://status.example"), service("c", ""),
			outage.Service{ID: "d", StatusPage: "https://old.example", Retired: true})
		stop := part(t, log, cat, f)
		time.Sleep(time.Hour)
		if got := said(t, log); got != "a:operational b:operational" {
			t.Errorf("said %s", got)
		}
		if n := f.count(); n < 10 || n > 16 { // one request serves both services
			t.Errorf("%d looks in an hour", n)
		}
		if url, etag, _ := f.last(); etag != "v" || url != "https://status.example/api/v2/summary.json" {
			t.Errorf("asked %s with validator %q", url, etag)
		}
		f.say(pageBad, nil)
		time.Sleep(10 * time.Minute)
		f.say("", errors.New("the page answers HTTP 503"))
		time.Sleep(3 * time.Hour)
		stop()
		if got := said(t, log); got != "a:operational b:operational a:major b:major a:unknown b:unknown" {
			t.Errorf("said %s", got)
		}
		// Another life goes on from what the last one said.
		f.say(pageBad, nil)
		stop = part(t, log, cat, f)
		time.Sleep(20 * time.Minute)
		stop()
		if got := said(t, log); !strings.HasSuffix(got, "a:unknown b:unknown a:major b:major") {
			t.Errorf("said %s", got)
		}
		recs, err := log.Read(t.Context(), stream.Words.Name, 6, 1)
		if err != nil {
			t.Fatal(err)
		}
		w, err := stream.Words.Decode(recs[0])
		if err != nil || w.Revision != 4 || w.Incidents[0].Seen >= w.Minute {
			t.Errorf("%+v, %v: want revision 4 and the incident as it was seen first", w, err)
		}
	})
}

// While a page fails it is asked less and less, and a page that asks for peace gets
// it.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, cat := &fake{err: errors.New("the page answers HTTP 500")}, &services{}
		cat.set(service("a", "https://status.example/"))
		stop := part(t, memory.New(), cat, f)
		time.Sleep(12 * time.Hour)
		if n := f.count(); n < 11 || n > 22 {
			t.Errorf("%d looks in twelve hours of failure", n)
		}
		f.say("", &Later{After: maxRetryAfter, Status: 429})
		time.Sleep(2 * time.Hour)
		before := f.count()
		time.Sleep(3 * time.Hour)
		if f.count() != before {
			t.Errorf("asked %d times while the page had asked for peace", f.count()-before)
		}
		stop()
	})
}

// Pages that come and go with the catalog are followed and let go, and many of them
// are asked a few at a time.
func TestCatalogChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, f, cat := memory.New(), &fake{body: pageUp, slow: 15 * time.Second}, &services{}
		var many []outage.Service
		for i := range 100 {
			id := "s" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			many = append(many, service(id, "https://"+id+".example/"))
		}
		stop := part(t, log, cat, f)
		time.Sleep(5 * time.Minute)
		if f.count() != 0 {
			t.Errorf("%d looks without a page", f.count())
		}
		cat.set(many...)
		time.Sleep(15 * time.Minute)
		if n := len(strings.Fields(said(t, log))); n != 100 {
			t.Errorf("%d words of 100 pages", n)
		}
		if _, _, most := f.last(); most > concurrent {
			t.Errorf("%d requests at once", most)
		}
		cat.set()
		time.Sleep(5 * time.Minute)
		before := f.count()
		time.Sleep(time.Hour)
		if f.count() != before {
			t.Errorf("%d looks at pages that are gone", f.count()-before)
		}
		stop()
	})
}

// refusing is a log whose disk is full.
type refusing struct {
	stream.Log
	refuse atomic.Bool
}

func (r *refusing) Append(ctx context.Context, e []stream.Entry, cp *stream.Checkpoint) error {
	if r.refuse.Load() {
		return stream.ErrRefused
	}
	return r.Log.Append(ctx, e, cp)
}

// A word that the disk refuses comes again.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, f, cat := &refusing{Log: memory.New()}, &fake{body: pageUp}, &services{}
		log.refuse.Store(true)
		cat.set(service("a", "https://status.example/"))
		stop := part(t, log, cat, f)
		time.Sleep(time.Hour)
		log.refuse.Store(false)
		time.Sleep(10 * time.Minute)
		stop()
		if got := said(t, log); got != "a:operational" {
			t.Errorf("said %q", got)
		}
	})
}

// One host is not asked twice in a moment.
func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hosts
		begun := time.Now()
		for range 4 {
			if err := h.wait(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 3*hostGap {
			t.Errorf("four requests to a host took %s", took)
		}
	})
}

func TestConfig(t *testing.T) {
	if _, err := New(DefaultConfig(), Deps{}); err == nil || !strings.Contains(err.Error(), "set contact") {
		t.Errorf("without a contact: %v", err)
	}
	cfg := DefaultConfig()
	cfg.Contact, cfg.Every = "x", time.Second
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "ask every 1m0s at most") {
		t.Errorf("every second: %v", err)
	}
}
