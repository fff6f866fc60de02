package api_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/api"
	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// start is 2025-03-10T09:00Z.
const start = outage.Minute(29026620)

// newAPI serves a small store: two services, one with an incident.
func newAPI(t *testing.T) (*httptest.Server, *sqlite.Store) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, b := range []*store.Batch{probed(), world()} {
		if err := s.Save(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	cfg := api.DefaultConfig()
	cfg.SeverityRule = "the rule in full"
	a, err := api.New(cfg, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	a.Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv, s
}

// world is what the store holds.
func world() *store.Batch {
	base := outage.Baseline{Expected: 2, Low: 0, High: 5, Dispersion: 1.5, Confidence: outage.ConfidenceLow, Method: "test 1"}
	b := &store.Batch{
		Services: []outage.Service{
			{ID: "x", Name: "X", Aliases: []string{"Twitter"}, Kind: "social", Homepage: "https://x.com", Categories: []string{"app", "login"}},
			{ID: "whatsapp", Name: "WhatsApp", Kind: "messaging", Family: "meta", Categories: []string{"app", "website"}},
		},
		Since: start - 3000, Closed: start + 59, Missing: []outage.Minute{start + 30, start + 31},
		Incidents: []outage.Incident{incident(1, outage.StateSuspected), incident(2, outage.StateConfirmed)},
		Bulletins: []outage.Bulletin{{
			Service: "x", Minute: start + 50, Status: outage.StatusProblems, Headline: "Problems with X",
			Reason: "120 reports in 15 minutes, all countries; 30 are usual.", Incident: "x-20250310T0945Z", Revision: 2,
			VerdictState: outage.VerdictInsufficient, VerdictRevision: 1, Verdict: "Only people's reports.", Confidence: "Confidence is low.",
		}},
	}
	for h := range outage.Minute(3) {
		b.Baselines = append(b.Baselines, outage.ServiceBaseline{
			Service: "x", Minute: start + (h-1)*outage.Hour, Quarters: [4]outage.Baseline{base, base, base, base},
		})
	}
	for m := range outage.Minute(60) {
		if m == 30 || m == 31 {
			continue
		}
		one := store.Minute{Service: "x", Minute: start + m, Count: 2}
		if m >= 45 {
			one.Count, one.Aside = 8, 1
			one.Countries, one.Categories = map[string]int{"US": 8}, map[string]int{"app": 6}
		}
		b.Minutes = append(b.Minutes, one)
	}
	return b
}

func incident(rev int, state outage.State) outage.Incident {
	in := outage.Incident{
		ID: "x-20250310T0945Z", Revision: rev, Service: "x", State: state, Minute: start + 45 + outage.Minute(rev),
		Detected: start + 45, Onset: start + 44, Waves: []outage.Wave{{Onset: start + 44, Peak: start + 45, PeakCount: 8, Total: 16}},
		Countries: []outage.Affected{
			{Name: "US", FirstSeen: start + 44, LastSeen: start + 46, Peak: 8, Total: 14, Effect: 40},
			{Name: "GB", FirstSeen: start + 45, LastSeen: start + 46, Peak: 2, Total: 3, Effect: 12.34567},
		},
		Categories: []outage.Affected{{Name: "app", FirstSeen: start + 44, LastSeen: start + 46, Peak: 4, Total: 12, Effect: 30}},
		Peak:       8, Total: 16, Expected: 2, Count: 8, Score: 11.98765, Confidence: outage.ConfidenceLow, Basis: "crowd",
		Severity: outage.Severity{Word: "minor", Value: 4, Effect: 2, Breadth: 2, Duration: 1},
		Links:    []outage.Link{{Incident: "y-1", Service: "y", Why: "family"}},
	}
	if state == outage.StateConfirmed {
		in.Confirmed = in.Minute
	}
	return in
}

func get(t *testing.T, srv *httptest.Server, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// TestGolden compares whole answers: their shape is what others rely on.
func TestGolden(t *testing.T) {
	srv, _ := newAPI(t)
	for name, path := range map[string]string{
		"services":  "/api/v1/services",
		"search":    "/api/v1/services?q=twit",
		"service":   "/api/v1/services/x",
		"series":    "/api/v1/services/x/series?signal=reports&from=2025-03-10T09:28:00Z&to=2025-03-10T09:34Z&step=2m",
		"country":   "/api/v1/services/x/series?country=us&from=2025-03-10T09:30:00Z&to=2025-03-10T10:00:00Z&step=15m",
		"incidents": "/api/v1/incidents?service=x&from=2025-03-10&to=2025-03-11T00:00:00+00:00",
		"judged":    "/api/v1/incidents?service=probed&from=2025-03-10&to=2025-03-11",
		"incident":  "/api/v1/incidents/x-20250310T0945Z",
		"openapi":   "/api/openapi.json",

		"measurements": "/api/v1/measurements?service=probed&from=2025-03-10T09:00Z&to=2025-03-10T10:00Z&limit=2",
		"agents":       "/api/v1/agents",
		"failures":     "/api/v1/services/probed/series?signal=failures&layer=tcp&from=2025-03-10T09:00Z&to=2025-03-10T10:00Z&step=30m",
		"latency":      "/api/v1/services/probed/series?signal=latency&from=2025-03-10T09:00Z&to=2025-03-10T10:00Z&step=30m",
		"probed":       "/api/v1/services/probed",
		"verdicts":     "/api/v1/incidents/probed-20250310T0945Z/verdicts",
		"unjudged":     "/api/v1/incidents/x-20250310T0945Z/verdicts",
		"acknowledged": "/api/v1/incidents/probed-20250310T0945Z",
	} {
		t.Run(name, func(t *testing.T) {
			res, body := get(t, srv, path)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%d: %s", res.StatusCode, body)
			}
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Fatal(err)
			}
			pretty, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			pretty = append(pretty, '\n')
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, pretty, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(pretty) != string(want) {
				t.Errorf("%s differs from %s (go test -update writes it anew):\n%s", path, file, pretty)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	srv, _ := newAPI(t)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/services/whatsap":                                        {404, "did you mean whatsapp"},
		"/api/v1/services/nothing-like-it-at-all":                         {404, "/api/v1/services lists them"},
		"/api/v1/services/nobody/series":                                  {404, `no service \"nobody\"`},
		"/api/v1/incidents/x-1":                                           {404, `no incident \"x-1\"`},
		"/api/v1/incidents/x-1/verdicts":                                  {404, `no incident \"x-1\"`},
		"/api/v1/incidents/x-20250310T0945Z/verdicts?limit=101":           {400, "between 1 and 100"},
		"/api/v1/incidents/x-20250310T0945Z/verdicts?after=0":             {400, "the next of the answer before"},
		"/api/v1/incidents?service=twitte":                                {404, "did you mean x"},
		"/api/v1/services/x/series?country=UK":                            {400, "ISO 3166-1"},
		"/api/v1/services/x/series?category=feed":                         {400, "app, login"},
		"/api/v1/services/x/series?country=US&category=app":               {400, "one of them"},
		"/api/v1/services/x/series?signal=probes":                         {400, "reports, failures or latency"},
		"/api/v1/services/x/series?layer=tcp":                             {400, "signal=failures"},
		"/api/v1/services/x/series?signal=failures&layer=ip":              {400, "dns"},
		"/api/v1/services/x/series?signal=failures&category=app":          {400, "leave it out"},
		"/api/v1/services/x/series?signal=latency&family=5":               {400, "4 or 6"},
		"/api/v1/measurements":                                            {400, "neither service nor agent"},
		"/api/v1/measurements?service=nobody":                             {404, "no service"},
		"/api/v1/measurements?agent=nobody":                               {404, "/api/v1/agents"},
		"/api/v1/measurements?service=x&limit=501":                        {400, "limit"},
		"/api/v1/measurements?service=x&after=yesterday":                  {400, "after is"},
		"/api/v1/measurements?service=x&from=2025-03-11&to=2025-03-10":    {400, "before"},
		"/api/v1/services/x/series?step=90s":                              {400, "step"},
		"/api/v1/services/x/series?step=0m":                               {400, "step"},
		"/api/v1/services/x/series?step=2d":                               {400, "step"},
		"/api/v1/services/x/series?from=yesterday":                        {400, "from is"},
		"/api/v1/services/x/series?from=2025-03-10&to=2025-03-10":         {400, "before"},
		"/api/v1/services/x/series?from=2025-01-01&to=2025-03-10":         {400, "a step of at least"},
		"/api/v1/services/x/series?countr=US":                             {400, `did you mean \"country\"`},
		"/api/v1/services/x/series?step=1m&step=2m":                       {400, "given 2 times"},
		"/api/v1/services/x/series?step=%zz":                              {400, "cannot be read"},
		"/api/v1/services/x?step=1m":                                      {400, "not known"},
		"/api/v1/incidents?limit=0":                                       {400, "limit"},
		"/api/v1/incidents?open=perhaps":                                  {400, "open"},
		"/api/v1/incidents?from=2025-03-11&to=2025-03-10":                 {400, "before"},
		"/api/v1/nothing":                                                 {404, "/api/openapi.json"},
		"/api/v1/reports":                                                 {405, "POST"},
		"/api/v1/imports":                                                 {405, "/api/v1/measurements"},
		"/api/v1/observations":                                            {405, "verdicts"},
		"/api/v1/services?q=" + strings.Repeat("a", 3000):                 {400, "bytes long"},
		"/api/v1/services/x/series?from=9999-12-31T23:59:00Z":             {400, "before"},
		"/api/v1/services/x/series?from=0001-01-01&to=9999-12-31":         {400, "after 1970"},
		"/api/v1/services/x/series?from=1970-01-01&step=1d&to=9999-12-31": {400, "shorter time"},
	} {
		res, body := get(t, srv, path)
		if res.StatusCode != want.status || !strings.Contains(body, want.says) {
			t.Errorf("%s: got %d %s, want %d with %q", path, res.StatusCode, body, want.status, want.says)
		}
		if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type is %q", path, ct)
		}
		var p struct {
			Type, Title, Detail string
			Status              int
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil || p.Status != want.status || p.Title == "" || p.Type == "" {
			t.Errorf("%s: %s is no problem answer: %v", path, body, err)
		}
	}
}

func TestCaching(t *testing.T) {
	srv, s := newAPI(t)
	res, first := get(t, srv, "/api/v1/services/x")
	tag := res.Header.Get("ETag")
	if tag == "" || res.Header.Get("Cache-Control") != "public, max-age=2" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers of an answer: %v", res.Header)
	}
	res, again := get(t, srv, "/api/v1/services/x")
	if again != first || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the answer that was kept differs: %v", res.Header)
	}
	res, body := get(t, srv, "/api/v1/services/x", "If-None-Match", tag)
	if res.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("asked again: %d %q", res.StatusCode, body)
	}
	if err := s.Save(t.Context(), &store.Batch{Open: []store.Open{{Service: "x", Minute: start + 60, Count: 3}}}); err != nil {
		t.Fatal(err)
	}
	res, body = get(t, srv, "/api/v1/services/x", "If-None-Match", tag)
	if res.StatusCode != http.StatusOK || res.Header.Get("ETag") == tag || !strings.Contains(body, `"open_minutes":{"reports":3,`) {
		t.Errorf("asked again after a press: %d %s", res.StatusCode, body)
	}
	res, _ = get(t, srv, "/api/v1/services/nobody")
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("ETag") != "" {
		t.Errorf("headers of a problem: %v", res.Header)
	}
}

func TestPreflight(t *testing.T) {
	srv, _ := newAPI(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, srv.URL+"/api/v1/services", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent || strings.Contains(res.Header.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("preflight: %d %v", res.StatusCode, res.Header)
	}
}

// TestFirstMinute asks before any minute has closed, as whoever has just started
// Faultline does.
func TestFirstMinute(t *testing.T) {
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Save(t.Context(), &store.Batch{Services: []outage.Service{{ID: "x", Name: "X", Categories: []string{"app"}}}}); err != nil {
		t.Fatal(err)
	}
	a, err := api.New(api.DefaultConfig(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(a)
	defer srv.Close()
	for path, want := range map[string]string{
		"/api/v1/services":          `"status":"unknown"`,
		"/api/v1/services/x":        `"as_of":null`,
		"/api/v1/services/x/series": `"from":null,"to":null,"step":"1m"`,
		"/api/v1/incidents":         `"incidents":[]`,
	} {
		if res, body := get(t, srv, path); res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s, want %s", path, res.StatusCode, body, want)
		}
	}
	if err := s.Save(t.Context(), &store.Batch{Open: []store.Open{{Service: "x", Minute: start, Count: 2}}}); err != nil {
		t.Fatal(err)
	}
	_, body := get(t, srv, "/api/v1/services/x/series?step=15m")
	if want := `"start":"2025-03-10T08:46:00Z","reports":2,"display":"2","provisional":true`; !strings.Contains(body, want) {
		t.Errorf("after a press: got %s, want %s", body, want)
	}
}

// TestUnreadable closes the store under the API.
func TestUnreadable(t *testing.T) {
	srv, s := newAPI(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	res, body := get(t, srv, "/api/v1/services/x")
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "try again") || strings.Contains(body, "query.db") {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

func TestValidate(t *testing.T) {
	c := api.DefaultConfig()
	c.MaxAge = -1
	if _, err := api.New(c, nil, nil); err == nil {
		t.Error("a negative age is valid")
	}
}

// An address that is only read says so to every other method.
func TestMethods(t *testing.T) {
	srv, _ := newAPI(t)
	for _, test := range []struct {
		method, path string
		code         int
		allow        string
	}{
		{"DELETE", "/api/v1/services", 405, "GET, HEAD, OPTIONS"},
		{"POST", "/api/v1/services/x", 405, "GET, HEAD, OPTIONS"},
		{"PUT", "/api/v1/reports", 405, "POST"},
		{"POST", "/api/openapi.json", 405, "GET, HEAD, OPTIONS"},
		{"POST", "/api/v1/nope", 404, ""},
		{"HEAD", "/api/v1/services", 200, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, srv.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.code || res.Header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, allow %q; want %d, %q", test.method, test.path, res.StatusCode, res.Header.Get("Allow"), test.code, test.allow)
		}
		if ct := res.Header.Get("Content-Type"); test.code >= 400 && ct != "application/problem+json" {
			t.Errorf("%s %s: %s", test.method, test.path, ct)
		}
	}
}
