package agentapi_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

var now = time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Whatever of a request is changed, its signature does not fit any more.
func TestSignature(t *testing.T) {
	key := keyOf("one")
	public := key.Public().(ed25519.PublicKey)
	body := []byte("hello")
	for name, test := range map[string]struct {
		change func(r *http.Request, body *[]byte, at *time.Time)
		err    error
	}{
		"good":   {func(*http.Request, *[]byte, *time.Time) {}, nil},
		"body":   {func(_ *http.Request, b *[]byte, _ *time.Time) { *b = []byte("hallo") }, agentapi.ErrSignature},
		"method": {func(r *http.Request, _ *[]byte, _ *time.Time) { r.Method = http.MethodPut }, agentapi.ErrSignature},
		"path":   {func(r *http.Request, _ *[]byte, _ *time.Time) { r.URL.Path = "/x" }, agentapi.ErrSignature},
		"query":  {func(r *http.Request, _ *[]byte, _ *time.Time) { r.URL.RawQuery = "a=2" }, agentapi.ErrSignature},
		"agent":  {func(r *http.Request, _ *[]byte, _ *time.Time) { r.Header.Set(agentapi.HeaderAgent, "a0") }, agentapi.ErrSignature},
		"time": {func(r *http.Request, _ *[]byte, _ *time.Time) {
			r.Header.Set(agentapi.HeaderTime, "2025-03-10T09:30:01Z")
		}, agentapi.ErrSignature},
		"no time": {func(r *http.Request, _ *[]byte, _ *time.Time) { r.Header.Del(agentapi.HeaderTime) }, agentapi.ErrUnsigned},
		"base64":  {func(r *http.Request, _ *[]byte, _ *time.Time) { r.Header.Set(agentapi.HeaderSignature, "?") }, agentapi.ErrUnsigned},
		"none":    {func(r *http.Request, _ *[]byte, _ *time.Time) { r.Header.Del(agentapi.HeaderSignature) }, agentapi.ErrSignature},
		"stale":   {func(_ *http.Request, _ *[]byte, at *time.Time) { *at = at.Add(agentapi.MaxSkew + time.Second) }, agentapi.ErrStale},
		"early":   {func(_ *http.Request, _ *[]byte, at *time.Time) { *at = at.Add(-agentapi.MaxSkew - time.Second) }, agentapi.ErrStale},
		"edge":    {func(_ *http.Request, _ *[]byte, at *time.Time) { *at = at.Add(agentapi.MaxSkew) }, nil},
	} {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/plan?a=1", nil)
		agentapi.Sign(r, body, now, key)
		b, at := body, now
		test.change(r, &b, &at)
		if err := agentapi.Check(r, b, at, public); !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %v", name, err, test.err)
		}
	}
}

func TestOptedOut(t *testing.T) {
	list := []string{"one.example", ".two.example", "Three.Example."}
	for host, want := range map[string]bool{
		"one.example": true, "ONE.example.": true, "www.one.example": false, "two.example": true, "a.b.two.example": true,
		"nottwo.example": false, "three.example": true, "": false,
	} {
		if got := agentapi.OptedOut(list, host); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
}

func TestVantage(t *testing.T) {
	for _, good := range []outage.Vantage{
		{}, {Country: "DE", Network: "AS64500", Class: outage.ClassMobile, Resolver: "system"}, {Resolver: "192.0.2.53"}, {Resolver: "[2001:db8::53]:5353"},
	} {
		if err := agentapi.ValidateVantage(good); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []outage.Vantage{
		{Country: "de"}, {Country: "DEU"}, {Country: "D1"}, {Network: "64500"}, {Network: "AS"}, {Network: "AS0"}, {Network: "AS99999999999"}, {Class: "home"}, {Resolver: "here"},
	} {
		if err := agentapi.ValidateVantage(bad); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

// A plan is the same as long as it asks for the same, and targets keep their ids.
func TestPlanVersion(t *testing.T) {
	plan := func(change func(*agentapi.Plan)) agentapi.Plan {
		p := agentapi.Plan{Contact: "mailto:ops@example.org", Refresh: 20, Targets: []agentapi.Target{
			{Service: "x", URL: "https://x.example/", PeriodMS: 60_000, PerMinute: 30, Journey: &probe.Journey{Name: "feed", Steps: []probe.Step{{Name: "home", URL: "https://x.example/"}}}, Variant: probe.VariantDesktop},
		}}
		change(&p)
		p.Seal()
		return p
	}
	first := plan(func(*agentapi.Plan) {})
	if again := plan(func(*agentapi.Plan) {}); again.Version != first.Version {
		t.Error("the same plan has another version")
	}
	for name, change := range map[string]func(*agentapi.Plan){
		"period": func(p *agentapi.Plan) { p.Targets[0].PeriodMS++ }, "step": func(p *agentapi.Plan) { p.Targets[0].Journey.Steps[0].URL += "x" },
		"opt-out": func(p *agentapi.Plan) { p.OptOut = []string{"x"} }, "contact": func(p *agentapi.Plan) { p.Contact += "x" },
	} {
		other := plan(change)
		if other.Version == first.Version {
			t.Errorf("another %s has the same version", name)
		}
		if other.Targets[0].ID != first.Targets[0].ID {
			t.Errorf("another %s makes another target", name)
		}
	}
}

// What is more than polite passes in a laboratory only, and even there within limits.
func TestLabPlan(t *testing.T) {
	plan := func(lab bool, period, perMinute int64) error {
		p := agentapi.Plan{Contact: "mailto:ops@example.org", Lab: lab, Targets: []agentapi.Target{{Service: "x", URL: "https://x.example/", PeriodMS: period, PerMinute: int(perMinute)}}}
		p.Seal()
		return p.Validate()
	}
	for _, c := range []struct {
		lab               bool
		period, perMinute int64
		good              bool
	}{
		{false, 10_000, 240, true}, {false, 9_999, 240, false}, {false, 10_000, 241, false},
		{true, 1_000, 1_200, true}, {true, 999, 1_200, false}, {true, 1_000, 1_201, false},
	} {
		if err := plan(c.lab, c.period, c.perMinute); (err == nil) != c.good {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// An agent reads plans from its hub alone, and still takes none that it would regret.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"contact":"mailto:a@b.example","targets":[{"id":"1","service":"x","url":"https://x.example/","period_ms":60000,"per_minute":30}]}`))
	f.Add([]byte(`{"contact":"x","targets":[{"journey":{}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p agentapi.Plan
		if json.Unmarshal(b, &p) != nil || p.Validate() != nil {
			return
		}
		for i := range p.Targets {
			tt := &p.Targets[i]
			least, most := agentapi.MinPeriod, agentapi.MaxPerMinute
			if p.Lab {
				least, most = agentapi.LabMinPeriod, agentapi.LabMaxPerMinute
			}
			if tt.Period() < least || tt.PerMinute < 1 || tt.PerMinute > most || strings.ContainsAny(p.Contact, "\r\n") {
				t.Errorf("a plan passes with %+v", tt)
			}
		}
	})
}
