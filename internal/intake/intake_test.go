package intake

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/ingest"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type noServices struct{}

func (noServices) Get(string) (outage.Service, bool)     { return outage.Service{}, false }
func (noServices) Search(string, int) []outage.Service   { return nil }
func (noServices) Lookup(a netip.Addr) (place geo.Place) { return place }

// fullDisk refuses appends while it is full.
type fullDisk struct {
	stream.Log
	mu   sync.Mutex
	full bool
}

func (d *fullDisk) Append(ctx context.Context, e []stream.Entry, cp *stream.Checkpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return stream.ErrRefused
	}
	return d.Log.Append(ctx, e, cp)
}

func (d *fullDisk) set(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

// rig is an intake on its ingest, on a driven clock.
type rig struct {
	*Intake
	t     *testing.T
	clock *clock.Driven
	disk  *fullDisk
	mux   *http.ServeMux
	stop  func()
}

var start = time.Date(2025, 3, 10, 9, 30, 20, 0, time.UTC)

func newRig(t *testing.T, log stream.Log, private string, change ...func(*Config, *Deps)) *rig {
	t.Helper()
	c := clock.NewDriven(start)
	disk := &fullDisk{Log: log}
	cfg := ingest.DefaultConfig()
	cfg.Driven = true
	hub, err := ingest.New(cfg, ingest.Deps{Log: disk, Clock: c, Driver: c, Services: noServices{}, Places: noServices{}, Private: private, State: private})
	if err != nil {
		t.Fatal(err)
	}
	conf := Config{TrustedHops: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	deps := Deps{Log: disk, Commit: hub, Clock: c, Places: noServices{}, Private: private}
	for _, f := range change {
		f(&conf, &deps)
	}
	in, err := New(conf, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{hub.Run, in.Run} {
		parts.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	r := &rig{Intake: in, t: t, clock: c, disk: disk, mux: http.NewServeMux()}
	r.stop = sync.OnceFunc(func() { cancel(); parts.Wait() })
	t.Cleanup(r.stop)
	in.Register(r.mux)
	for !in.ready.Load() {
		time.Sleep(time.Millisecond)
	}
	return r
}

func (r *rig) do(method, path string, body []byte, change ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(r.t.Context(), method, path, bytes.NewReader(body))
	req.RemoteAddr = "127.0.0.1:999"
	req.Header.Set("Content-Type", agentapi.ContentType)
	for _, f := range change {
		f(req)
	}
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	return w
}

// vantage point of the tests, with its chain.
type point struct {
	r    *rig
	key  ed25519.PrivateKey
	head chain.Head
}

var declared = outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball}

func (r *rig) point(name string) *point {
	seed := sha256.Sum256([]byte(name))
	return &point{r: r, key: ed25519.NewKeyFromSeed(seed[:])}
}

func (p *point) public() ed25519.PublicKey { return p.key.Public().(ed25519.PublicKey) }

func (p *point) id() string { return chain.ID(p.public()) }

func (p *point) sign(body []byte) func(*http.Request) {
	return func(r *http.Request) { agentapi.Sign(r, body, p.r.clock.Now(), p.key) }
}

func (p *point) register(token string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	body, err := json.Marshal(agentapi.Registration{Token: token, PublicKey: base64.StdEncoding.EncodeToString(p.public()), Vantage: declared})
	if err != nil {
		p.r.t.Fatal(err)
	}
	return p.r.do("POST", "/api/v1/agents", body, append([]func(*http.Request){p.sign(body)}, change...)...)
}

func (p *point) known() *point {
	p.r.t.Helper()
	token, err := NewToken(p.r.Private, p.r.clock.Now(), time.Hour)
	if err != nil {
		p.r.t.Fatal(err)
	}
	if w := p.register(token); w.Code != http.StatusCreated {
		p.r.t.Fatalf("register: %d %s", w.Code, w.Body)
	}
	return p
}

// seal makes the next n records.
func (p *point) seal(n int, change ...func(*outage.Measurement)) [][]byte {
	p.r.t.Helper()
	var out [][]byte
	for range n {
		m := outage.Measurement{Attempt: 1, Time: p.r.clock.Now(), Vantage: declared, Outcome: outage.OutcomeOK, Target: outage.Target{Service: "x", Host: "x.example"}}
		for _, f := range change {
			f(&m)
		}
		raw, head, err := chain.Seal(&m, p.head, p.key)
		if err != nil {
			p.r.t.Fatal(err)
		}
		out, p.head = append(out, raw), head
	}
	return out
}

func (p *point) send(records [][]byte, change ...func(*http.Request)) *httptest.ResponseRecorder {
	body := bytes.Join(records, []byte("\n"))
	return p.r.do("POST", "/api/v1/measurements", body, append([]func(*http.Request){p.sign(body)}, change...)...)
}

func (r *rig) facts(topic string) (out []stream.Record) {
	r.t.Helper()
	recs, err := r.disk.Read(r.t.Context(), topic, 0, 1<<20)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.DeleteFunc(recs, func(rec stream.Record) bool { return rec.Kind != stream.KindFact })
}

// One token, one agent, once, in time, from where nobody listens in.
func TestRegister(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	token := func(life time.Duration) string {
		text, err := NewToken(r.Private, r.clock.Now(), life)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	used, one := token(time.Hour), r.point("one")
	from := func(addr, proto string) func(*http.Request) {
		return func(q *http.Request) {
			q.RemoteAddr = addr
			if proto != "" {
				q.Header.Set("X-Forwarded-Proto", proto)
			}
		}
	}
	short := token(time.Second)
	for _, test := range []struct {
		name   string
		w      func() *httptest.ResponseRecorder
		status int
		says   string
	}{
		{"no token", func() *httptest.ResponseRecorder { return one.register("") }, 400, "agent token create"},
		{"unknown token", func() *httptest.ResponseRecorder { return one.register("faultline_agent_X") }, 401, "not known"},
		{"over a network", func() *httptest.ResponseRecorder { return one.register(used, from("198.51.100.7:9", "")) }, 403, "TLS"},
		{"over a network, lying", func() *httptest.ResponseRecorder { return one.register(used, from("198.51.100.7:9", "https")) }, 403, "TLS"},
		{"proxy that had no TLS", func() *httptest.ResponseRecorder { return one.register(used, from("192.0.2.7:9", "http")) }, 403, "TLS"},
		{"proxy nobody declared", func() *httptest.ResponseRecorder {
			return one.register(used, func(q *http.Request) { q.Header.Set("X-Forwarded-For", "198.51.100.7") })
		}, 403, "TLS"},
		{"forged", func() *httptest.ResponseRecorder { return one.register(used, r.point("two").sign([]byte("x"))) }, 401, "signature"},
		{"old", func() *httptest.ResponseRecorder {
			r.clock.MoveTo(r.clock.Now().Add(3 * time.Second))
			return one.register(short)
		}, 401, "expired"},
		{"good, by a proxy", func() *httptest.ResponseRecorder { return one.register(used, from("192.0.2.7:9", "https")) }, 201, one.id()},
		{"again", func() *httptest.ResponseRecorder { return one.register(used) }, 200, one.id()},
		{"another with it", func() *httptest.ResponseRecorder { return r.point("two").register(used) }, 401, "used"},
		{"another with its own", func() *httptest.ResponseRecorder { return r.point("two").register(token(time.Hour)) }, 201, r.point("two").id()},
	} {
		if w := test.w(); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %s, want %d and %q", test.name, w.Code, w.Body, test.status, test.says)
		}
	}
	if got := r.facts("agents"); len(got) != 2 {
		t.Errorf("%d agents are in the log, want 2", len(got))
	}
	if list := r.Agents(); len(list) != 2 || list[0].Vantage.Network != "AS64500" {
		t.Errorf("the list: %+v", list)
	}
	for _, life := range []time.Duration{0, -time.Hour, MaxTokenLife + 1} {
		if _, err := NewToken(r.Private, start, life); err == nil {
			t.Errorf("a token that lives %s was made", life)
		}
	}
}

// A token is given back when the agent could not be saved.
func TestRegisterOnFullDisk(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	token, err := NewToken(r.Private, r.clock.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r.disk.set(true)
	if w := r.point("one").register(token); w.Code != 503 {
		t.Errorf("on a full disk: %d %s", w.Code, w.Body)
	}
	r.disk.set(false)
	if w := r.point("one").register(token); w.Code != 201 {
		t.Errorf("with room again: %d %s", w.Code, w.Body)
	}
}

// What is wrong with a batch is said, with its record; nothing of it is kept.
func TestRefusals(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	p, other := r.point("one").known(), r.point("two").known()
	if w := p.send(p.seal(3)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	stand := p.head
	for name, test := range map[string]struct {
		records func() [][]byte
		change  func(*http.Request)
		status  int
		seq     string
		says    string
	}{
		"forged record": {func() [][]byte {
			raw := p.seal(2)
			return [][]byte{raw[0], bytes.Replace(raw[1], []byte(`"ok"`), []byte(`"fail"`), 1)}
		}, nil, 422, "5", "was changed"},
		"record of another": {func() [][]byte { return other.seal(1) }, nil, 422, "", "not signed"},
		"reordered":         {func() [][]byte { raw := p.seal(2); return [][]byte{raw[1], raw[0]} }, nil, 422, "4", "order"},
		"one left out":      {func() [][]byte { return p.seal(3)[1:] }, nil, 409, "5", "missing"},
		"one left out inside": {func() [][]byte {
			raw := p.seal(3)
			return [][]byte{raw[0], raw[2]}
		}, nil, 422, "6", "does not follow"},
		"fork": {func() [][]byte {
			fork := *p
			fork.head.Hash = strings.Repeat("0", 64)
			return fork.seal(1)
		}, nil, 409, "4", "another chain"},
		"from the future": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Time = m.Time.Add(time.Hour) })
		}, nil, 422, "4", "ahead"},
		"from the future by its offset": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Clock = outage.Clock{OffsetMS: 3.6e6, Synced: true} })
		}, nil, 422, "4", "ahead"},
		"another vantage": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Vantage.Network = "AS64501" })
		}, nil, 422, "4", "vantage"},
		"an invented failure": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Failure = "x_bored" })
		}, nil, 422, "4", "closed set"},
		"an import": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Source = "ooni" })
		}, nil, 422, "4", "imported"},
		"a long name": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Target.Service = strings.Repeat("x", 101) })
		}, nil, 422, "4", "bytes"},
		"a large record": {func() [][]byte {
			return p.seal(1, func(m *outage.Measurement) { m.Target.URL = strings.Repeat("x", agentapi.MaxRecord) })
		}, nil, 413, "4", "at most"},
		"too many":      {func() [][]byte { return slices.Repeat([][]byte{p.seal(1)[0]}, agentapi.MaxRecords+1) }, nil, 413, "", "records"},
		"a large batch": {func() [][]byte { return [][]byte{bytes.Repeat([]byte("x"), agentapi.MaxBody+1)} }, nil, 413, "", "bytes"},
		"no JSON":       {func() [][]byte { return [][]byte{[]byte("hello")} }, nil, 422, "", "cannot be read"},
		"nothing":       {func() [][]byte { return nil }, nil, 422, "", "cannot be read"},
		"an old request": {func() [][]byte { return p.seal(1) }, func(q *http.Request) {
			q.Header.Set(agentapi.HeaderTime, r.clock.Now().Add(-time.Hour).Format(time.RFC3339Nano))
		}, 401, "", "signature"},
		"no signature": {func() [][]byte { return p.seal(1) }, func(q *http.Request) { q.Header.Del(agentapi.HeaderSignature) }, 401, "", ""},
		"not registered": {func() [][]byte { return p.seal(1) }, func(q *http.Request) {
			q.Header.Set(agentapi.HeaderAgent, "a0000000000000000")
		}, 401, "", "not registered"},
		"as JSON": {func() [][]byte { return p.seal(1) }, func(q *http.Request) { q.Header.Set("Content-Type", "application/json") }, 415, "", "ndjson"},
		"in the clear": {func() [][]byte { return p.seal(1) }, func(q *http.Request) {
			q.RemoteAddr = "198.51.100.7:1"
		}, 403, "", "TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			p.head = stand
			records := test.records()
			change := test.change
			if change == nil {
				change = func(*http.Request) {}
			}
			w := p.send(records, change)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s, want %d and %q", w.Code, w.Body, test.status, test.says)
			}
			if got := w.Header().Get(agentapi.HeaderSequence); test.seq != "" && got != test.seq {
				t.Errorf("the record at fault is %q, want %s", got, test.seq)
			}
			if test.status == 409 && w.Header().Get(agentapi.HeaderHead) != fmt.Sprintf("3 %s", stand.Hash) {
				t.Errorf("the hub stands at %q", w.Header().Get(agentapi.HeaderHead))
			}
			if w.Header().Get(agentapi.HeaderTime) == "" && w.Code != 400 {
				t.Error("the answer does not tell the time")
			}
		})
	}
	if n := len(r.facts("measurements")); n != 3 {
		t.Errorf("%d measurements are in the log, want the first 3", n)
	}
}

// A batch may come packed; what is signed is what came, and a bomb is refused.
func TestPackedBatch(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	p := r.point("one").known()
	send := func(body []byte, encoding string) *httptest.ResponseRecorder {
		return r.do("POST", "/api/v1/measurements", body, p.sign(body), func(q *http.Request) { q.Header.Set("Content-Encoding", encoding) })
	}
	packer, err := agentapi.NewPacker()
	if err != nil {
		t.Fatal(err)
	}
	pack := packer.Pack
	good := bytes.Join(p.seal(3), []byte("\n"))
	for _, test := range []struct {
		name     string
		body     []byte
		encoding string
		status   int
		says     string
	}{
		{"a bomb", pack(make([]byte, 64<<20)), "zstd", 413, "once it is unpacked"},
		{"no zstd", good, "zstd", 422, "cannot be unpacked"},
		{"cut off", pack(good)[:40], "zstd", 422, "cannot be unpacked"},
		{"another encoding", good, "gzip", 415, "zstd"},
		{"packed", pack(good), "zstd", 200, `"appended":3`},
		{"plain", good, "", 200, `"duplicates":3`},
	} {
		if w := send(test.body, test.encoding); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
	}
}

// A request that somebody has recorded is good for two minutes, and changes nothing.
func TestReplay(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	p := r.point("one").known()
	records := p.seal(2)
	body := bytes.Join(records, []byte("\n"))
	sign := p.sign(body)
	req := httptest.NewRequest("POST", "/api/v1/measurements", nil)
	sign(req)
	again := func(q *http.Request) {
		for _, h := range []string{agentapi.HeaderAgent, agentapi.HeaderTime, agentapi.HeaderSignature} {
			q.Header.Set(h, req.Header.Get(h))
		}
	}
	for i, want := range []string{`"appended":2,"duplicates":0`, `"appended":0,"duplicates":2`} {
		if w := r.do("POST", "/api/v1/measurements", body, again); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("time %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	r.clock.MoveTo(r.clock.Now().Add(agentapi.MaxSkew + time.Second))
	if w := r.do("POST", "/api/v1/measurements", body, again); w.Code != 401 || !strings.Contains(w.Body.String(), "time of the request") {
		t.Errorf("later: %d %s", w.Code, w.Body)
	}
	if n := len(r.facts("measurements")); n != 2 {
		t.Errorf("%d measurements are in the log, want 2", n)
	}
}

// Records keep their chain over a disk that refuses and over a restart, and the log
// can be verified.
func TestChainGoesOn(t *testing.T) {
	log, private := memory.New(), t.TempDir()
	r := newRig(t, log, private)
	p := r.point("one").known()
	for range 3 {
		batch := p.seal(4)
		r.disk.set(true)
		if w := p.send(batch); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Fatalf("on a full disk: %d %s", w.Code, w.Body)
		}
		r.disk.set(false)
		if w := p.send(batch); w.Code != 200 || !strings.Contains(w.Body.String(), `"appended":4`) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		r.stop()
		r = newRig(t, log, private)
		p.r = r
		if w := p.send(batch); w.Code != 200 || !strings.Contains(w.Body.String(), `"duplicates":4`) {
			t.Fatalf("after a restart: %d %s", w.Code, w.Body)
		}
	}
	v := chain.Verifier{Keys: map[string]ed25519.PublicKey{p.id(): p.public()}}
	for _, rec := range r.facts("measurements") {
		v.Add(rec.Data)
		m, err := stream.Measurements.Decode(rec)
		if err != nil || m.Key() != rec.Key || m.Received != outage.MinuteOf(start) || m.Late {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if got := v.Reports(); len(got) != 1 || got[0].Break != nil || got[0].Records != 12 {
		t.Errorf("%+v", got)
	}
}

// What was measured long ago is taken, and marked late; a gap lets a chain go on.
func TestLateAndGap(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	p := r.point("one").known()
	old := p.seal(1, func(m *outage.Measurement) { m.Time = m.Time.Add(-91 * time.Second) })
	slow := p.seal(1, func(m *outage.Measurement) {
		m.Time, m.Clock = m.Time.Add(-time.Hour), outage.Clock{OffsetMS: 3.6e6, Synced: true}
	})
	if w := p.send(append(old, slow...)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	before := p.head
	p.seal(5)
	gap := outage.Measurement{Attempt: 1, Time: r.clock.Now(), Vantage: declared, Outcome: outage.OutcomeSkipped}
	raw, err := chain.SealGap(&gap, before, p.head, outage.GapSpoolFull, p.key)
	if err != nil {
		t.Fatal(err)
	}
	if w := p.send(append([][]byte{raw}, p.seal(1)...)); w.Code != 200 || !strings.Contains(w.Body.String(), `"sequence":8`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var late []bool
	for _, rec := range r.facts("measurements") {
		m, err := stream.Measurements.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		late = append(late, m.Late)
	}
	if !slices.Equal(late, []bool{true, false, false, false}) {
		t.Errorf("late: %v", late)
	}
}

// All three topics of ingest end the same minutes, and an agent that is silent is
// away; a restart knows it as it was.
func TestMinutes(t *testing.T) {
	log, private := memory.New(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, log, private)
		p := r.point("one").known()
		if w := p.send(p.seal(2), func(q *http.Request) { q.Header.Set(agentapi.HeaderOffset, "-12.5") }); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for range 12 {
			r.clock.MoveTo(r.clock.Now().Add(time.Minute))
			synctest.Wait()
		}
		r.stop()
		ticks := map[string]string{}
		for _, topic := range []string{"reports", "agents", "measurements"} {
			recs, err := log.Read(t.Context(), topic, 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range recs {
				if rec.Kind != stream.KindFact {
					ticks[topic] += fmt.Sprint(rec.Kind, rec.Minute, " ")
				}
			}
		}
		if ticks["reports"] == "" || ticks["agents"] != ticks["reports"] || ticks["measurements"] != ticks["reports"] {
			t.Errorf("ticks differ:\n%v", ticks)
		}
		facts := r.facts("agents")
		last, err := stream.Agents.Decode(facts[len(facts)-1])
		if err != nil || last.Presence != outage.AgentAway || last.Sequence != 2 || last.Clock.OffsetMS != -12.5 || last.Revision != len(facts) {
			t.Errorf("%+v, %v", last, err)
		}
		if len(facts) != 3 { // registered, what it sent, away
			t.Errorf("%d revisions", len(facts))
		}
	})
	r := newRig(t, log, private)
	if got := r.Agents(); len(got) != 1 || got[0].Presence != outage.AgentAway || got[0].Sequence != 2 {
		t.Errorf("after a restart: %+v", got)
	}
}

type trouble map[string]bool

func (t trouble) Troubled(context.Context) (map[string]bool, error) {
	if t["broken"] {
		return nil, errors.New("the store does not answer")
	}
	return t, nil
}

const specs = `
contact: https://status.example/probing
targets:
  - service: x
    url: https://x.example/
    resolvers: [192.0.2.53]
  - {service: y, url: "https://y.example/", period: 20s, retries: 3, per-minute: 200}
  - {service: z, url: "https://www.left.example/"}
controls:
  - {url: "https://control.example/"}
opt-out: [.left.example]
`

// The plan follows the state of services, within its caps, and back.
func TestPlan(t *testing.T) {
	s, err := ParseSpecs([]byte(specs))
	if err != nil {
		t.Fatal(err)
	}
	state := trouble{}
	r := newRig(t, memory.New(), t.TempDir(), func(c *Config, d *Deps) { c.Specs, d.Trouble = s, state })
	p := r.point("one").known()
	get := func() agentapi.Plan {
		w := r.do("GET", "/api/v1/plan", nil, p.sign(nil))
		var plan agentapi.Plan
		if err := json.Unmarshal(w.Body.Bytes(), &plan); err != nil || w.Code != 200 {
			t.Fatalf("%d %s %v", w.Code, w.Body, err)
		}
		if err := plan.Validate(); err != nil {
			t.Error(err)
		}
		return plan
	}
	usual := get()
	if len(usual.Targets) != 3 || usual.Targets[0].PeriodMS != 60000 || usual.Targets[2].Role != "control" || usual.Contact == "" {
		t.Errorf("the usual plan: %+v", usual)
	}
	state["x"], state["y"] = true, true
	hard := get()
	if x := hard.Targets[0]; x.PeriodMS != 15000 || x.Retries != 1 || x.PerMinute != 60 || x.ID != usual.Targets[0].ID {
		t.Errorf("a service in trouble: %+v", x)
	}
	if x := hard.Targets[0]; !slices.Equal(x.Also, []string{"authoritative", "trace"}) || len(usual.Targets[0].Also) > 0 {
		t.Errorf("how deep: %v", x.Also)
	}
	if y := hard.Targets[1]; y.PeriodMS != 10000 || y.Retries != 3 || y.PerMinute != 240 {
		t.Errorf("the caps: %+v", y)
	}
	if hard.Targets[2].PeriodMS != 60000 || hard.Version == usual.Version {
		t.Errorf("the control: %+v", hard.Targets[2])
	}
	state["x"], state["y"] = false, false
	if back := get(); back.Version != usual.Version {
		t.Errorf("after it is over: %+v", back)
	}
	state["broken"] = true
	if back := get(); back.Version != usual.Version {
		t.Errorf("without a store: %+v", back)
	}
	if w := r.do("GET", "/api/v1/plan", nil); w.Code != 401 {
		t.Errorf("without a signature: %d", w.Code)
	}
	if got := r.Contact(); got != s.Contact {
		t.Errorf("the contact page names %q", got)
	}
	if got := (&Specs{Targets: s.Targets}).Plan(nil); len(got.Targets) != 0 {
		t.Errorf("without a contact %d targets are probed", len(got.Targets))
	}
}

// Journeys are targets of their own, one for each variant.
func TestPlanJourneys(t *testing.T) {
	s, err := ParseSpecs([]byte(`
contact: mailto:ops@example.org
targets:
  - service: x
    url: https://x.example/
    also: [quic]
    journeys:
      - {name: feed, variants: [desktop, mobile], steps: [{name: home, url: "https://x.example/"}, {name: feed, url: /feed, expect: {keyword: posts}}]}
      - {name: login, steps: [{name: form, url: "https://x.example/login", expect: {login_form: true}}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	usual, hard := s.Plan(nil), s.Plan(map[string]bool{"x": true})
	if len(usual.Targets) != 4 || usual.Targets[1].PeriodMS != 300_000 || usual.Targets[2].Variant != "mobile" || usual.Targets[3].Journey.Name != "login" {
		t.Errorf("%+v", usual.Targets)
	}
	if hard.Targets[1].PeriodMS != 75_000 || hard.Targets[1].ID != usual.Targets[1].ID || !slices.Equal(hard.Targets[0].Also, []string{"quic", "authoritative", "trace"}) {
		t.Errorf("in trouble: %+v", hard.Targets)
	}
}

// Mistakes in the file are named.
func TestBadSpecs(t *testing.T) {
	known := func(id string) (outage.Service, bool) {
		return outage.Service{ID: id, Homepage: "https://" + id + ".example/"}, id != "nobody"
	}
	for text, says := range map[string]string{
		"targets: [{service: x}]":                                                             "no contact",
		"contact: nobody\ntargets: [{service: x}]":                                            "contact \"nobody\"",
		"contact: mailto:a@b.example\ntargets: [{service: nobody}]":                           "not in the catalog",
		"contact: mailto:a@b.example\ntargets: [{service: x, period: 1s}]":                    "period",
		"contact: mailto:a@b.example\ntargets: [{service: x, retries: 9}]":                    "retries",
		"contact: mailto:a@b.example\ntargets: [{service: x, per-minute: 9999}]":              "attempts a minute",
		"contact: mailto:a@b.example\ntargets: [{service: x, url: 'gopher://x'}]":             "gopher",
		"contact: mailto:a@b.example\ntargets: [{service: x, url: 'https://u:p@x.example/'}]": "password",
		"contact: mailto:a@b.example\ntargets: [{service: x}, {service: x}]":                  "once",
		"contact: mailto:a@b.example\ntargets: [{service: x, resolvers: [here]}]":             "resolver",
		"contact: mailto:a@b.example\ncontrols: [{service: x, url: 'https://x.example/'}]":    "control 1",
		"contact: mailto:a@b.example\ncontrols: [{}]":                                         "target",
		"contacts: x": "contacts",
		"- x":         "here stands a list",
		"contact: mailto:a@b.example\ntargets: !0 00000000":                                      "2: tags, anchors and aliases",
		"contact: mailto:a@b.example\n---\ncontact: x":                                           "a second document",
		"contact: \"https://x.example/\\r\\nX-Evil: 1\"\ncontrols: [{url: 'https://x.example'}]": "contact",
	} {
		s, err := ParseSpecs([]byte(text))
		if err == nil {
			err = s.complete(known)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\n%v, want %q", text, err, says)
		}
	}
	s, err := ParseSpecs([]byte("contact: mailto:a@b.example\ntargets: [{service: x}]"))
	if err != nil || s.complete(known) != nil || s.Targets[0].URL != "https://x.example/" {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzSpecs(f *testing.F) {
	f.Add([]byte(specs))
	f.Add([]byte("targets: !0 00000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSpecs(b)
		if err != nil || s.Validate() != nil {
			return
		}
		p := s.Plan(map[string]bool{"x": true})
		if err := p.Validate(); err != nil {
			t.Errorf("specs that pass make a plan that does not: %v", err)
		}
	})
}

// Whatever an agent sends is refused with a reason or taken.
func FuzzRecord(f *testing.F) {
	seed := sha256.Sum256([]byte("one"))
	key := ed25519.NewKeyFromSeed(seed[:])
	m := outage.Measurement{Attempt: 1, Time: start, Vantage: declared, Outcome: outage.OutcomeOK}
	raw, _, err := chain.Seal(&m, chain.Head{}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"agent":"a","sequence":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		_, err := openRecord(line, key.Public().(ed25519.PublicKey), declared, start)
		var bad *refusal
		if err != nil && (!errors.As(err, &bad) || bad.status < 400 || bad.status > 499) {
			t.Errorf("refused with %v", err)
		}
		_, _, _ = decodeRegistration(line)
	})
}
