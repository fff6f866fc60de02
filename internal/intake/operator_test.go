package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

func asOperator(t *testing.T, r *rig) func(*http.Request) {
	t.Helper()
	key, err := OperatorKey(r.Private)
	if err != nil {
		t.Fatal(err)
	}
	return func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+key) }
}

func knowsX(_ *Config, d *Deps) { d.Known = func(id string) bool { return id == "x" } }

// A revoked agent is told so whatever it wants, also after a restart, and what it said
// stays; the operator alone revokes.
func TestRevoke(t *testing.T) {
	log, private := memory.New(), t.TempDir()
	r := newRig(t, log, private)
	one, two := r.point("one").known(), r.point("two").known()
	if w := one.send(one.seal(3)); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	operator := asOperator(t, r)
	revoke := func(id, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
		return r.do("POST", "/api/v1/agents/"+id+"/revoke", []byte(body), change...)
	}
	for _, test := range []struct {
		name   string
		w      *httptest.ResponseRecorder
		status int
		says   string
	}{
		{"no key", revoke(one.id(), "{}"), 401, "operator's key"},
		{"a wrong key", revoke(one.id(), "{}", func(q *http.Request) { q.Header.Set("Authorization", "Bearer x") }), 401, "operator's key"},
		{"in the clear", revoke(one.id(), "{}", operator, func(q *http.Request) { q.RemoteAddr = "198.51.100.7:1" }), 403, "TLS"},
		{"nobody", revoke("a0", "{}", operator), 404, "no agent"},
		{"no JSON", revoke(one.id(), "moved", operator), 400, "reason"},
		{"two lines", revoke(one.id(), `{"reason":"a\nb"}`, operator), 400, "one line"},
		{"good", revoke(one.id(), `{"reason":"it has moved"}`, operator), 200, `"revoked_why":"it has moved"`},
		{"again", revoke(one.id(), `{"reason":"other"}`, operator), 200, `"revoked_why":"it has moved"`},
	} {
		if test.w.Code != test.status || !strings.Contains(test.w.Body.String(), test.says) {
			t.Errorf("%s: %d %s", test.name, test.w.Code, test.w.Body)
		}
	}
	refused := func() {
		t.Helper()
		for what, w := range map[string]*httptest.ResponseRecorder{
			"a batch": one.send(one.seal(1)), "the plan": r.do("GET", "/api/v1/plan", nil, one.sign(nil)), "registering": one.register("any"),
		} {
			if w.Code != 403 || !strings.Contains(w.Body.String(), "revoked") || !strings.Contains(w.Body.String(), "it has moved") || w.Header().Get(agentapi.HeaderRevoked) == "" {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
	}
	refused()
	if w := two.send(two.seal(1)); w.Code != 200 {
		t.Errorf("another agent: %d %s", w.Code, w.Body)
	}
	r.stop()
	r = newRig(t, log, private)
	one.r = r
	refused()
	if n := len(r.facts("measurements")); n != 4 {
		t.Errorf("%d measurements are in the log, want the 3 before and the other's", n)
	}
}

// A revocation that could not be saved did not happen.
func TestRevokeOnFullDisk(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir())
	p := r.point("one").known()
	r.disk.set(true)
	if w := r.do("POST", "/api/v1/agents/"+p.id()+"/revoke", []byte("{}"), asOperator(t, r)); w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	r.disk.set(false)
	if w := p.send(p.seal(1)); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The key is made once, and a damaged one is not taken for a key.
func TestOperatorKey(t *testing.T) {
	private := t.TempDir()
	if _, err := OperatorKey(private); err == nil || !strings.Contains(err.Error(), "made when the hub starts") {
		t.Errorf("before the first start: %v", err)
	}
	first, err := makeOperatorKey(private)
	again, err2 := makeOperatorKey(private)
	if err != nil || err2 != nil || first != again || len(first) < 40 {
		t.Errorf("%q and %q, %v, %v", first, again, err, err2)
	}
	if info, err := os.Stat(operatorFile(private)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(operatorFile(private), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := makeOperatorKey(private); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("an empty file: %v", err)
	}
}

// elsewhere is a measurement of somebody else, as a line.
func elsewhere(change func(*outage.Measurement)) string {
	m := outage.Measurement{
		Agent: "ooni", Sequence: 7, Attempt: 1, Source: "ooni", Origin: "20240101_DE", Time: time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC), Outcome: outage.OutcomeOK,
		Vantage: outage.Vantage{Country: "DE", Network: "AS64500"}, Target: outage.Target{Service: "x", Host: "x.example"},
	}
	change(&m)
	b, err := json.Marshal(&m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Measurements of others become facts once, whatever file they come in again, with
// their source; they are on no topic that is judged.
func TestImports(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), knowsX)
	operator := asOperator(t, r)
	post := func(lines ...string) *httptest.ResponseRecorder {
		return r.do("POST", "/api/v1/imports", []byte(strings.Join(lines, "\n")+"\n"), operator)
	}
	plain := func(*outage.Measurement) {}
	first := elsewhere(plain)
	moved := elsewhere(func(m *outage.Measurement) { m.Sequence, m.Vantage.Network = 8, "AS64501" })
	second := elsewhere(func(m *outage.Measurement) { m.Target.Address = "192.0.2.7" })
	table := elsewhere(func(m *outage.Measurement) { m.Source, m.Agent, m.Origin = "csv", "fra-1", "" })
	other := elsewhere(func(m *outage.Measurement) {
		m.Source, m.Agent, m.Origin, m.Vantage.Network = "csv", "fra-1", "", "AS64501"
	})
	for _, test := range []struct {
		name  string
		lines []string
		says  string
	}{
		{"two", []string{first, second}, `{"appended":2,"duplicates":0}`},
		{"one of them again, its place looked up anew", []string{moved, first}, `{"appended":0,"duplicates":2}`},
		{"a table without ids of its own", []string{table, other, table}, `{"appended":2,"duplicates":1}`},
	} {
		if w := post(test.lines...); w.Code != 200 || strings.TrimSpace(w.Body.String()) != test.says {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
	}
	facts := r.facts("imports")
	var agents []string
	for _, rec := range facts {
		m, err := stream.Imports.Decode(rec)
		if err != nil || m.Received != outage.MinuteOf(start) || m.Source == "" || m.Sequence != 0 {
			t.Errorf("%+v, %v", m, err)
		}
		agents = append(agents, m.Agent)
	}
	if got := fmt.Sprint(agents); got != "[import:ooni import:ooni import:csv/fra-1 import:csv/fra-1]" {
		t.Errorf("vantage points: %s", got)
	}
	if n := len(r.facts("measurements")); n > 0 {
		t.Errorf("%d of them are among those of agents", n)
	}
}

func TestBadImports(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), knowsX)
	operator := asOperator(t, r)
	good := elsewhere(func(*outage.Measurement) {})
	for name, test := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"nothing":              {"", 422, "cannot be read"},
		"no JSON":              {"hello", 422, "cannot be read"},
		"a second one bad":     {good + "\n{}", 422, "measurement 2"},
		"two on a line":        {good + good, 422, "one measurement a line"},
		"an unknown field":     {`{"colour":1}`, 422, "colour"},
		"no source":            {elsewhere(func(m *outage.Measurement) { m.Source = "" }), 422, "source"},
		"a strange source":     {elsewhere(func(m *outage.Measurement) { m.Source = "O/1" }), 422, "source"},
		"signed":               {elsewhere(func(m *outage.Measurement) { m.Signature = "x" }), 422, "chain"},
		"received":             {elsewhere(func(m *outage.Measurement) { m.Received = 1 }), 422, "chain"},
		"no service":           {elsewhere(func(m *outage.Measurement) { m.Target.Service = "" }), 422, "--service"},
		"another service":      {elsewhere(func(m *outage.Measurement) { m.Target.Service = "y" }), 422, "catalog"},
		"a control":            {elsewhere(func(m *outage.Measurement) { m.Target.Role = outage.RoleControl }), 422, "control"},
		"tomorrow":             {elsewhere(func(m *outage.Measurement) { m.Time = start.AddDate(0, 0, 1) }), 422, "time"},
		"in 1970":              {elsewhere(func(m *outage.Measurement) { m.Time = time.Unix(0, 0) }), 422, "time"},
		"a failure of its own": {elsewhere(func(m *outage.Measurement) { m.Failure = "x_bored" }), 422, "closed set"},
		"a long name":          {elsewhere(func(m *outage.Measurement) { m.Agent = strings.Repeat("a", 101) }), 422, "bytes"},
		"a large one":          {elsewhere(func(m *outage.Measurement) { m.Target.URL = strings.Repeat("a", agentapi.MaxRecord) }), 422, "bytes"},
		"too many":             {strings.Repeat(good+"\n", agentapi.MaxRecords+1), 413, "in parts"},
		"too large":            {strings.Repeat(" ", agentapi.MaxBody+1), 413, "in parts"},
	} {
		if w := r.do("POST", "/api/v1/imports", []byte(test.body), operator); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := r.do("POST", "/api/v1/imports", []byte(good)); w.Code != 401 {
		t.Errorf("without a key: %d", w.Code)
	}
	if w := r.do("POST", "/api/v1/imports", []byte(good), operator, func(q *http.Request) { q.Header.Set("Content-Type", "text/csv") }); w.Code != 415 {
		t.Errorf("as CSV: %d", w.Code)
	}
	if n := len(r.facts("imports")); n > 0 {
		t.Errorf("%d were taken", n)
	}
}

// Whatever is imported is refused with a reason, or has a key that it keeps.
func FuzzImport(f *testing.F) {
	f.Add([]byte(elsewhere(func(*outage.Measurement) {})))
	f.Add([]byte(`{"source":"csv","target":{"service":"x"},"attempt":1}`))
	in := &Intake{Deps: Deps{Known: func(string) bool { return true }}}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := decodeImport(line)
		if err != nil || in.acceptable(m, start) != nil {
			return
		}
		entries, err := (&imported{list: []outage.Measurement{*m}}).Entries(outage.MinuteOf(start))
		if err != nil {
			t.Fatal(err)
		}
		back, err := stream.Imports.Decode(entries[0].Record)
		if err != nil {
			t.Fatal(err)
		}
		back.Received = 0
		again, err := (&imported{list: []outage.Measurement{*back}}).Entries(outage.MinuteOf(start))
		if err != nil || again[0].Key != entries[0].Key || !bytes.Equal(again[0].Data, entries[0].Data) {
			t.Errorf("%s has the key %s, and once it is kept %s", line, entries[0].Key, again[0].Key)
		}
	})
}
