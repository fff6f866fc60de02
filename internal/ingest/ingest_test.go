package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// services is a catalog of one, and of one that is gone.
type services struct{}

func (services) Get(id string) (outage.Service, bool) {
	switch id {
	case "x":
		return outage.Service{ID: "x", Categories: outage.DefaultCategories(), Networks: []uint32{64500}}, true
	case "gone":
		return outage.Service{ID: "gone", Categories: outage.DefaultCategories(), Retired: true}, true
	}
	return outage.Service{}, false
}

func (services) Search(query string, n int) []outage.Service {
	if query == "twitter" {
		return []outage.Service{{ID: "x"}, {ID: "gone", Retired: true}}
	}
	return nil
}

// places knows one network in the United States.
type places struct{}

func (places) Lookup(a netip.Addr) geo.Place {
	if netip.MustParsePrefix("20.0.0.0/8").Contains(a) {
		return geo.Place{Country: "US", ASN: 64501}
	}
	return geo.Place{}
}

// rig is an ingest on a driven clock that answers HTTP.
type rig struct {
	*Ingest
	t     *testing.T
	clock *clock.Driven
	log   stream.Log
	mux   *http.ServeMux
	stop  func()
}

var start = time.Date(2025, 3, 10, 9, 30, 20, 0, time.UTC)

func newRig(t *testing.T, log stream.Log, private string, change ...func(*Config, *Deps)) *rig {
	t.Helper()
	c := clock.NewDriven(start)
	cfg := DefaultConfig()
	cfg.TrustedHops = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	cfg.Driven = true
	deps := Deps{Log: log, Clock: c, Driver: c, Services: services{}, Places: places{}, Private: private, State: private}
	for _, f := range change {
		f(&cfg, &deps)
	}
	in, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- in.Run(ctx) }()
	r := &rig{Ingest: in, t: t, clock: c, log: log, mux: http.NewServeMux()}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	in.Register(r.mux)
	return r
}

func (r *rig) send(addr, contentType, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/api/v1/reports", strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Forwarded-For", addr)
	req.RemoteAddr = "192.0.2.1:999"
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	return w
}

func (r *rig) press(addr, category string) (Answer, int) {
	r.t.Helper()
	w := r.send(addr, "application/json", fmt.Sprintf(`{"service":"x","category":%q}`, category))
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Fatalf("answer %d %s: %v", w.Code, w.Body, err)
	}
	return a, w.Code
}

func (r *rig) reports() []outage.Report {
	r.t.Helper()
	recs, err := r.log.Read(r.t.Context(), "reports", 0, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []outage.Report
	for _, rec := range recs {
		if rec.Kind == stream.KindFact {
			report, err := stream.Reports.Decode(rec)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, *report)
		}
	}
	return out
}

func (r *rig) ticks() string {
	r.t.Helper()
	recs, err := r.log.Read(r.t.Context(), "reports", 0, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	var b strings.Builder
	for _, rec := range recs {
		switch rec.Kind {
		case stream.KindTick:
			fmt.Fprintf(&b, "%s ", rec.Minute.Time().Format("15:04"))
		case stream.KindMissing:
			fmt.Fprintf(&b, "(%s) ", rec.Minute.Time().Format("15:04"))
		case stream.KindFact:
			b.WriteString("+ ")
		}
	}
	return strings.TrimSpace(b.String())
}

func TestOneReporterCountsOncePerWindow(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	first, code := r.press("20.1.2.3", "app")
	if code != http.StatusCreated || !first.Counted || first.ID == "" {
		t.Fatalf("first press: %d %+v", code, first)
	}
	again, code := r.press("20.1.2.3", "website")
	if code != http.StatusOK || again != (Answer{ID: first.ID, Reason: "duplicate"}) {
		t.Errorf("second press: %d %+v, want the first id as a duplicate", code, again)
	}
	other, _ := r.press("20.1.2.4", "website")
	if !other.Counted || other.ID == first.ID {
		t.Errorf("another reporter: %+v", other)
	}
	r.clock.MoveTo(start.Add(29 * time.Minute))
	if a, _ := r.press("20.1.2.3", "app"); a.Counted || a.ID != first.ID {
		t.Errorf("after 29 minutes: %+v, want a duplicate", a)
	}
	r.clock.MoveTo(start.Add(30 * time.Minute))
	if a, _ := r.press("20.1.2.3", "app"); !a.Counted || a.ID == first.ID {
		t.Errorf("after 30 minutes: %+v, want it to count again", a)
	}
	got := r.reports()
	if len(got) != 3 || got[0].Category != "app" || got[0].Country != "US" || got[0].Network != "AS64501" {
		t.Errorf("kept %+v", got)
	}
}

// However the clock's moves fall between the commits, the minute before its last
// one is ended.
func TestEveryMinuteEnds(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	r.press("20.1.2.3", "app") // the answer says that the first minute is open
	last := outage.MinuteOf(start)
	for range 300 {
		last++
		r.clock.MoveTo(last.Time())
		runtime.Gosched()
	}
	for after := uint64(0); ; {
		if err := r.log.Wait(t.Context(), "reports", after); err != nil {
			t.Fatal(err)
		}
		recs, err := r.log.Read(t.Context(), "reports", after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		after = recs[len(recs)-1].Seq
		if recs[len(recs)-1].Minute == last-1 {
			return // else the test's time runs out
		}
	}
}

// A person has no key in common between two services or two days, and no address
// is kept in any file or record.
func TestNoAddressIsKept(t *testing.T) {
	private := t.TempDir()
	r := newRig(t, memory.New(), private)
	r.press("20.1.2.3", "app")
	r.press("2001:db8:1:2::3", "app")
	today, _, err := r.salts.pair(outage.MinuteOf(start))
	if err != nil {
		t.Fatal(err)
	}
	p := masked(netip.MustParseAddr("20.1.2.3"))
	if digest(today, "reporter", "x", p) == digest(today, "reporter", "y", p) {
		t.Error("one key serves two services")
	}
	kept, err := json.Marshal(r.reports())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(private, "salts.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"20.1.2", "2001:db8", "1402030"} {
		if strings.Contains(string(kept), trace) || strings.Contains(string(file), trace) {
			t.Errorf("%q is kept: %s %s", trace, kept, file)
		}
	}
	if info, err := os.Stat(filepath.Join(private, "salts.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the salts are open to others: %v, %v", info.Mode(), err)
	}
}

func TestSaltsAreDropped(t *testing.T) {
	s, err := openSalts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	day := outage.MinuteOf(start)
	first, before, err := s.pair(day)
	if err != nil || before != nil {
		t.Fatalf("first day: before %x, %v", before, err)
	}
	second, before, err := s.pair(day + outage.Day)
	if err != nil || !slices.Equal(before, first) || slices.Equal(second, first) {
		t.Errorf("second day: before %x, %v", before, err)
	}
	if _, _, err = s.pair(day + 2*outage.Day); err != nil {
		t.Fatal(err)
	}
	if len(s.days) != 2 {
		t.Errorf("%d salts are kept, want today's and yesterday's", len(s.days))
	}
	again, err := openSalts(filepath.Dir(s.path))
	if err != nil || len(again.days) != 2 {
		t.Fatalf("read back %d salts, %v", len(again.days), err)
	}
}

// A salt goes when its time is over, even when nobody presses.
func TestSaltsTurnInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, memory.New(), t.TempDir())
		r.press("20.1.2.3", "app")
		for day := 1; day <= 3; day++ {
			r.clock.MoveTo(start.Add(time.Duration(day) * 24 * time.Hour))
			synctest.Wait()
		}
		r.stop()
		if _, kept := r.salts.days[dayOf(outage.MinuteOf(start))]; kept || len(r.salts.days) != 2 {
			t.Errorf("salts of %d days are kept, the first among them: %v", len(r.salts.days), kept)
		}
	})
}

// The salt turns at midnight; who pressed just before is still known just after.
func TestWindowOverMidnight(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	midnight := time.Date(2025, 3, 11, 0, 0, 0, 0, time.UTC)
	r.clock.MoveTo(midnight.Add(-5 * time.Minute))
	first, _ := r.press("20.1.2.3", "app")
	r.clock.MoveTo(midnight.Add(5 * time.Minute))
	if a, _ := r.press("20.1.2.3", "app"); a.Counted || a.ID != first.ID {
		t.Errorf("after midnight: %+v, want a duplicate of %s", a, first.ID)
	}
	r.clock.MoveTo(midnight.Add(25 * time.Minute))
	if a, _ := r.press("20.1.2.3", "app"); !a.Counted {
		t.Errorf("30 minutes after the first: %+v, want it to count", a)
	}
}

func TestTicks(t *testing.T) {
	log := memory.New()
	private := t.TempDir()
	r := newRig(t, log, private)
	r.press("20.1.2.3", "app")
	r.clock.MoveTo(start.Add(3 * time.Minute))
	r.press("20.1.2.4", "app")
	if got, want := r.ticks(), "+ 09:30 09:31 09:32 +"; got != want {
		t.Errorf("a driven world has %q, want %q", got, want)
	}
	r.stop()
	// The next life is a real one that begins five minutes later: minutes after
	// the last that was heard are missing, and a repeat is still known.
	real := func(c *Config, d *Deps) {
		c.Driven = false
		d.Clock = clock.NewDriven(start.Add(8 * time.Minute))
	}
	r = newRig(t, log, private, real)
	if a, _ := r.press("20.1.2.3", "app"); a.Counted || a.Reason != "duplicate" {
		t.Errorf("a repeat after a restart: %+v", a)
	}
	r.press("20.1.2.5", "app")
	if got, want := r.ticks(), "+ 09:30 09:31 09:32 + 09:33 (09:34) (09:35) (09:36) (09:37) +"; got != want {
		t.Errorf("after a restart %q, want %q", got, want)
	}
}

// breakable is a log that can be made to refuse.
type breakable struct {
	stream.Log
	mu     sync.Mutex
	broken error
}

func (b *breakable) Append(ctx context.Context, es []stream.Entry, cp *stream.Checkpoint) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	return b.Log.Append(ctx, es, cp)
}

func (b *breakable) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

// A report that could not be saved is not acknowledged, and pressing again works.
func TestRefusingDisk(t *testing.T) {
	log := &breakable{Log: memory.New()}
	r := newRig(t, log, t.TempDir())
	log.set(errors.New("the disk is full"))
	w := r.send("20.1.2.3", "application/json", `{"service":"x","category":"app"}`)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "disk is full") || w.Header().Get("Retry-After") == "" {
		t.Fatalf("answer %d %s", w.Code, w.Body)
	}
	log.set(nil)
	if a, code := r.press("20.1.2.3", "app"); code != http.StatusCreated || !a.Counted {
		t.Errorf("pressing again: %d %+v, want it to count", code, a)
	}
	log.set(errors.New("the disk is full"))
	form := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/x/report", strings.NewReader("category=app"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.Header.Set("Accept", "text/html")
	w = httptest.NewRecorder()
	r.mux.ServeHTTP(w, form)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/s/x?report=failed" {
		t.Errorf("a form on a full disk: %d to %q, want the page that says so", w.Code, w.Header().Get("Location"))
	}
}

type space uint64

func (s space) Free() (uint64, error) { return uint64(s), nil }

func TestNearlyFullDisk(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), func(c *Config, d *Deps) { d.Space = space(c.MinFree - 1) })
	w := r.send("20.1.2.3", "application/json", `{"service":"x","category":"app"}`)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "free some space") {
		t.Errorf("answer %d %s", w.Code, w.Body)
	}
	if n := len(r.reports()); n != 0 {
		t.Errorf("%d reports were written to a nearly full disk", n)
	}
}

func TestBadPresses(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	const ct = "application/json"
	tests := map[string]struct {
		contentType, body string
		code              int
		says              string
	}{
		"service":      {ct, `{"service":"nope","category":"app"}`, 422, `service \"nope\"`},
		"alias":        {ct, `{"service":"twitter"}`, 422, "did you mean x?"},
		"retired":      {ct, `{"service":"gone","category":"app"}`, 422, `service \"gone\"`},
		"category":     {ct, `{"service":"x","category":"soup"}`, 422, "app, website"},
		"country":      {ct, `{"service":"x","category":"app","country":"ZZ"}`, 422, "ISO 3166-1"},
		"no service":   {ct, `{"category":"app"}`, 400, "service"},
		"unknown key":  {ct, `{"service":"x","category":"app","text":"hello"}`, 400, "text"},
		"not JSON":     {ct, `service=x`, 400, "decode the body"},
		"wrong type":   {ct, `{"service":7}`, 400, "\\\"service\\\" is a number and must be a string"},
		"two objects":  {ct, `{"service":"x","category":"app"}{"service":"x"}`, 400, "one report a request"},
		"empty":        {ct, ``, 400, "decode the body"},
		"too large":    {ct, `{"service":"` + strings.Repeat("x", maxBody) + `"}`, 413, "too large"},
		"content type": {"text/plain", `{"service":"x","category":"app"}`, 415, "application/json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := r.send("20.9.9.9", test.contentType, test.body)
			if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) {
				t.Errorf("answer %d %s, want %d with %q", w.Code, w.Body, test.code, test.says)
			}
			if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("content type %q", ct)
			}
		})
	}
	if n := len(r.reports()); n != 0 {
		t.Errorf("%d bad presses were kept", n)
	}
}

func TestForm(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	send := func(addr, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/x/report", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.RemoteAddr = addr + ":1"
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, req)
		return w
	}
	for _, test := range []struct{ addr, body, to string }{
		{"20.1.1.1", "category=app", "/s/x?report=counted"},
		{"20.1.1.1", "category=app", "/s/x?report=duplicate"},
		{"198.51.100.7", "category=app", "/s/x?report=country"},
		{"198.51.100.8", "category=app&country=gb", "/s/x?report=counted"},
	} {
		w := send(test.addr, test.body)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != test.to {
			t.Errorf("%s %s: %d to %q, want %q", test.addr, test.body, w.Code, w.Header().Get("Location"), test.to)
		}
	}
	if w := send("20.1.1.2", "category=soup"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a bad category: %d", w.Code)
	}
	if got := r.reports(); got[2].Country != "GB" {
		t.Errorf("the chosen country is %q", got[2].Country)
	}
}

// An address says more than the person: the country of the form is only used
// when there is none.
func TestAddressWins(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	r.send("20.1.1.1", "application/json", `{"service":"x","category":"app","country":"FR"}`)
	if got := r.reports(); got[0].Country != "US" {
		t.Errorf("country %q, want that of the address", got[0].Country)
	}
}

func TestReplay(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), func(c *Config, d *Deps) { c.ReplayToken = "a long token" })
	send := func(token, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/replay", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, req)
		return w
	}
	recording := `{"clock":"2025-03-10T10:00Z"}
{"service":"x","category":"app","country":"GB","weight":7}
{"service":"x","category":"app","reporter":"a"}
{"service":"x","category":"app","reporter":"a"}

{"clock":"2025-03-10T10:01Z"}
{"service":"x","category":"app"}
`
	if w := send("wrong", recording); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", w.Code)
	}
	if w := send("a long token", recording); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"reports":4`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := send("a long token", `{"clock":"2025-03-10T10:05Z"}`); w.Code != http.StatusOK || !strings.HasSuffix(r.ticks(), "10:04") {
		t.Errorf("%d %s: the clock has moved, and the topic ends with %q", w.Code, w.Body, r.ticks())
	}
	got := r.reports()
	if len(got) != 3 || got[0].Weight != 7 || got[0].Minute.String() != "2025-03-10T10:00Z" || got[2].Minute.String() != "2025-03-10T10:01Z" {
		t.Errorf("kept %+v", got)
	}
	for body, says := range map[string]string{
		`{"clock":"2025-03-10T09:00Z"}`:                           "cannot go back",
		`{"clock":"2025-03-10T10:02Z","service":"x"}`:             "either",
		`{"service":"nope"}`:                                      "not in the catalog",
		`{"service":"x","reporter":"a","weight":2}`:               "weight",
		`{"service":"x","category":"` + strings.Repeat("x", 5000): "too long",
	} {
		if w := send("a long token", body); w.Code < 400 || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%.40s: %d %s, want %q", body, w.Code, w.Body, says)
		}
	}
}

func TestReplayIsRefusedInTheRealWorld(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), func(c *Config, d *Deps) { c.Driven = false })
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/replay", strings.NewReader(""))
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "--simulated-clock") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStoppedIngestAnswers(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	r.stop()
	w := r.send("20.1.2.3", "application/json", `{"service":"x","category":"app"}`)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s, want 503 and not a wait for ever", w.Code, w.Body)
	}
}

// A crowd out of one place is kept and not counted, and the answer says so.
func TestCap(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	counted := 0
	for i := range 200 {
		a, code := r.press(fmt.Sprintf("198.51.100.%d", i), "app")
		if code != http.StatusCreated || a.ID == "" || a.Counted != (a.Reason == "") {
			t.Fatalf("press %d: %d %+v", i, code, a)
		}
		if a.Counted {
			counted++
		} else if a.Reason != "cap" {
			t.Fatalf("press %d: %+v", i, a)
		}
	}
	if counted == 0 || counted > 20 {
		t.Errorf("%d of 200 from one network count", counted)
	}
	aside := 0
	for _, report := range r.reports() {
		aside += report.Aside
		if report.Aside+report.Weight != 1 {
			t.Errorf("report %+v is neither counted nor set aside", report)
		}
	}
	if counted+aside != 200 {
		t.Errorf("%d counted and %d set aside of 200", counted, aside)
	}
	if a, code := r.press("198.51.100.199", "app"); code != http.StatusOK || a.Reason != "duplicate" {
		t.Errorf("a repeat of one that was set aside: %d %+v", code, a)
	}
}

func TestConfig(t *testing.T) {
	for says, cfg := range map[string]Config{
		"trusts everybody": {TrustedHops: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}},
		"network itself":   {TrustedHops: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8")}},
		"at least 8":       {ReplayToken: "short", Driven: true},
		"simulated":        {ReplayToken: "long enough"},
	} {
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", cfg, err, says)
		}
	}
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func FuzzDecodePress(f *testing.F) {
	f.Add(`{"service":"x","category":"app","country":"US"}`)
	f.Add(`{"service":"x"} trailing`)
	f.Fuzz(func(t *testing.T, body string) {
		p, err := DecodePress(strings.NewReader(body))
		if err == nil && p.Service == "" {
			t.Errorf("%q was taken without a service", body)
		}
	})
}

func FuzzDecodeReplayLine(f *testing.F) {
	f.Add(`{"clock":"2025-03-10T10:00Z"}`)
	f.Add(`{"service":"x","reporter":"a","weight":1}`)
	f.Fuzz(func(t *testing.T, line string) {
		l, err := decodeReplayLine([]byte(line))
		if err == nil && (l.Weight < 0 || (l.Clock == nil) == (l.Service == "")) {
			t.Errorf("%q was taken as %+v", line, l)
		}
	})
}
