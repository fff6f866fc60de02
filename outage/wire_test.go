package outage_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens of types that have none; an old golden is never changed")

// later has the types that have got more fields since, with every field set. What
// was stored before is among samples and must be written and read as it was.
func later() map[string]any {
	m := outage.Minute(29026650)
	base := outage.Baseline{Expected: 23.5, Low: 10, High: 41, Dispersion: 3.9, Confidence: outage.ConfidenceNormal, Method: "scan/2"}
	incident := *samples()["incident"].(*outage.Incident)
	incident.Wide = outage.DimensionCountries
	measured := *samples()["incident"].(*outage.Incident)
	measured.Wide = outage.DimensionCountries
	measured.Probes = &outage.Probes{
		Agreement: "both", Looking: 3, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerTCP, Failure: outage.FailureRefused,
		Depth: outage.DepthPage, Note: "2 agents in 2 networks fail",
	}
	carrying := measured
	carrying.Links = []outage.Link{{Incident: "y-20250310T0931Z", Service: "y", Why: outage.LinkCollateral, Ratio: 0.04}}
	carrying.Tenants = &outage.Tenants{Failing: []string{"a", "b", "c"}, Count: 3, Watched: 4, Elsewhere: 9, Spared: 8, Manner: "error"}
	service := *samples()["service"].(*outage.Service)
	service.StatusPage = "https://status.x.example/"
	leaning := service
	leaning.DependsOn = []string{"logins"}
	standing := *samples()["probestate"].(*outage.ProbeState)
	standing.Stands = []string{"net:192.0.2.0/24", "provider:cloudflare"}
	verdict := *samples()["verdict"].(*outage.Verdict)
	verdict.Name, verdict.Short = "X", "consistent with a failed deployment, likely"
	return map[string]any{
		"verdict_2": &verdict,
		"agent_2": &outage.Agent{
			ID: "a0011223344556677", Revision: 8, PublicKey: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Version: "faultline v1",
			Vantage:  outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball, Resolver: "system"},
			Observed: "AS64500", Registered: m - 1440, Seen: m, Presence: outage.AgentAway,
			Clock: outage.Clock{OffsetMS: -12.5, Synced: true}, Sequence: 4711, Head: "9f86d081", Revoked: m, RevokedWhy: "it has moved",
		},
		"points_2": &outage.MinutePoints{Service: "x", Minute: m, Revision: 1, Points: []outage.Point{{
			Signal: outage.SignalLatency, Country: "US", Category: "app", Network: "AS64500", Count: 5, Aside: 2,
			Trials: 6, Sum: 27.5, Missing: true,
		}}},
		"detections_2": &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
			Signal: outage.SignalCombined, Country: "US", Category: "app", Phase: outage.PhaseAlarm, Count: 120, Baseline: base,
			Score: 12.5, Window: 3, WindowCount: 300, WindowExpected: 70.5, Effect: 4.2, First: m - 2, Onset: m - 4, OnsetCount: 330,
			Confirm: 6.5, Networks: 4, NetworksUnknown: true, Trials: 200, Value: 250.5, WindowValue: 240.5,
			Dimension: outage.DimensionCountries, Places: []outage.Place{{Name: "US", Count: 12, Expected: 1.5, Last: 3}},
			Parts: []outage.Part{{Family: "probes", Signal: outage.SignalProbeErrors, Score: 3.5}},
		}}},
		"points_3": &outage.MinutePoints{Service: "x", Minute: m, Revision: 1, Points: []outage.Point{{
			Signal: outage.SignalProbeErrors, Country: "US", Category: "app", Network: "AS64500", Layer: outage.LayerTCP, Family: 6,
			Count: 5, Aside: 2, Trials: 6, Sum: 27.5, Missing: true,
		}}},
		"detections_3": &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
			Signal: outage.SignalProbeErrors, Country: "US", Category: "app", Layer: outage.LayerTLS, Family: 6, Phase: outage.PhaseAlarm, Count: 120,
			Baseline: base, Score: 12.5, Window: 3, WindowCount: 300, WindowExpected: 70.5, Effect: 4.2, First: m - 2, Onset: m - 4, OnsetCount: 330,
			Confirm: 6.5, Networks: 4, NetworksUnknown: true, Trials: 200, Value: 250.5, WindowValue: 240.5,
			Dimension: outage.DimensionCountries, Places: []outage.Place{{Name: "US", Count: 12, Expected: 1.5, Last: 3}},
			Parts: []outage.Part{{Family: "probes", Signal: outage.SignalProbeErrors, Score: 3.5}},
		}}},
		"incident_2":   &incident,
		"incident_3":   &measured,
		"incident_4":   &carrying,
		"service_2":    &service,
		"service_3":    &leaning,
		"probestate_2": &standing,
	}
}

// samples has every stored type with every field that it was first stored with, so
// that a field that is renamed or dropped shows.
func samples() map[string]any {
	m := outage.Minute(29026650) // 2025-03-10T09:30Z
	base := outage.Baseline{Expected: 23.5, Low: 10, High: 41, Dispersion: 3.9, Confidence: outage.ConfidenceNormal, Method: "scan/1"}
	return map[string]any{
		"service": &outage.Service{
			ID: "x", Name: "X", Aliases: []string{"twitter"}, Kind: "social", Family: "x-corp", Homepage: "https://x.example/",
			Hosts: []outage.Host{{Name: "x.example", Role: "web", Verified: true}}, Providers: []string{"cloudflare"},
			Networks: []uint32{64500}, Categories: []string{"app"}, Countries: []string{"US"}, Retired: true,
		},
		"report": &outage.Report{
			ID: "ns7rwuh5aesamdhs", Reporter: "00112233445566778899aabbccddeeff", Service: "x", Category: "app", Country: "US",
			Network: "AS64500", Minute: m, Window: m - 3, Weight: 1, Aside: 1, Reason: outage.ReasonCap, Source: outage.SourcePress,
		},
		"agent": &outage.Agent{
			ID: "a0011223344556677", Revision: 7, PublicKey: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Version: "faultline v1",
			Vantage:  outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball, Resolver: "system"},
			Observed: "AS64500", Registered: m - 1440, Seen: m, Presence: outage.AgentAway,
			Clock: outage.Clock{OffsetMS: -12.5, Synced: true}, Sequence: 4711, Head: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		},
		"measurement": measurement(m),
		"points": &outage.MinutePoints{Service: "x", Minute: m, Revision: 1, Points: []outage.Point{
			{Signal: outage.SignalReports, Country: "US", Category: "app", Network: "AS64500", Count: 5, Aside: 2},
		}},
		"probestate": &outage.ProbeState{
			Service: "x", Minute: m, State: "failing", Since: m - 2, Depth: outage.DepthPage, Score: 7, Looking: 3, Failing: 2, Networks: 2,
			Quorum: true, Why: "2 agents in 2 networks fail, and 2 were needed in 2", Layer: outage.LayerTCP, Failure: outage.FailureRefused,
			Vantages: []outage.VantageState{{
				Agent: "a0011223344556677", Vantage: outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball, Resolver: "system"},
				Health: "healthy", HealthWhy: "6 of 6 attempts at its control targets succeed", State: "failing", Since: m - 2,
				Layer: outage.LayerTCP, Failure: outage.FailureRefused, Refused: true, Blocked: "30 attempts from eyeball networks were refused",
				Layers: []outage.LayerState{{Layer: outage.LayerTCP, State: outage.LayerFailing, Since: m - 2, Failure: outage.FailureRefused}},
			}},
		},
		"baseline": &outage.ServiceBaseline{Service: "x", Minute: m, Quarters: [outage.BaselineQuarters]outage.Baseline{base, base, base, base}, Frozen: true},
		"detections": &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
			Signal: outage.SignalReports, Country: "US", Category: "app", Phase: outage.PhaseAlarm, Count: 120, Baseline: base,
			Score: 12.5, Window: 3, WindowCount: 300, WindowExpected: 70.5, Effect: 4.2, First: m - 2, Onset: m - 4, OnsetCount: 330,
			Confirm: 6.5, Networks: 4, NetworksUnknown: true,
		}}},
		"incident": &outage.Incident{
			ID: "x-20250310T0930Z", Revision: 3, Service: "x", State: outage.StateResolved, Minute: m + 200, Detected: m, Onset: m - 2,
			End: m + 60, Confirmed: m + 1, Closed: m + 120, Reopened: 1,
			Waves:      []outage.Wave{{Onset: m - 2, Peak: m + 20, PeakCount: 900, End: m + 60, Total: 20000}},
			Countries:  []outage.Affected{{Name: "US", FirstSeen: m, LastSeen: m + 60, Peak: 700, Total: 15000, Effect: 40.5}},
			Categories: []outage.Affected{{Name: "app", FirstSeen: m, LastSeen: m + 60, Peak: 600, Total: 12000, Effect: 39}},
			Peak:       900, Total: 20000, Expected: 23.5, Count: 25, Score: 300,
			Severity:   outage.Severity{Word: "major", Value: 12, Effect: 3, Breadth: 2, Duration: 2},
			Confidence: outage.ConfidenceLow, Links: []outage.Link{{Incident: "y-20250310T0931Z", Service: "y", Why: "family"}}, Basis: "crowd",
		},
		"vendorword": &outage.VendorWord{
			Service: "x", Revision: 7, Minute: m + 20, Page: "https://status.x.example/api/v2/summary.json", Status: outage.VendorUnknown,
			Description: "Partial System Outage", Troubled: m + 5, Truncated: true,
			Incidents: []outage.VendorIncident{{
				ID: "p31zjtct2jer", Title: "Elevated errors", Status: "identified", Impact: "major", Link: "https://status.x.example/i/1",
				Posted: m + 4, Seen: m + 6, Acknowledged: m + 5, Closed: m + 15,
			}},
			Reached: m + 16, Unknown: m + 17, LastStatus: outage.VendorMajor, Why: "generic_timeout_error",
		},
		"observation": &outage.Observation{
			ID: "00112233445566778899aabbccddeeff", Service: "x", Minute: m + 90, Feature: "connect_fail_frac", Value: 0.62, From: m, To: m + 60,
			Sample: 2400, Vantages: 40, Networks: 30, Quote: "62 % of connects failed", Source: observer(),
		},
		"verdict": verdict(m),
		"bulletin": &outage.Bulletin{
			Service: "x", Minute: m, Status: outage.StatusProblems, Headline: "X: people report problems", Reason: "900 reports in the minute 09:50 UTC.",
			Incident: "x-20250310T0930Z", Revision: 3,
		},
		"bulletin_2": &outage.Bulletin{
			Service: "x", Minute: m, Status: outage.StatusProblems, Headline: "X: people report problems", Reason: "900 reports in the minute 09:50 UTC.",
			Incident: "x-20250310T0930Z", Revision: 3,
			VerdictState: outage.VerdictLikely, VerdictRevision: 2, Verdict: "What was measured is consistent with a flood of the network.",
			Confidence: "Confidence is moderate: 600 attempts from 5 networks.",
		},
	}
}

func observer() outage.Source {
	return outage.Source{Name: "Example Observatory", URL: "https://observatory.example/1", Kind: "measurer", Reliability: "B"}
}

func verdict(m outage.Minute) *outage.Verdict {
	source := observer()
	weighed := []outage.Weighed{{Evidence: "9f86d081", Sign: "partial-loss", Band: 1, Weight: 0.5}}
	return &outage.Verdict{
		Incident: "x-20250310T0930Z", Revision: 2, Service: "x", Minute: m + 5, IncidentRevision: 3, Table: "2026.1", State: outage.VerdictLikely,
		Layer: outage.LayerVerdict{State: outage.VerdictVeryLikely, Layer: outage.LayerTCP, Second: outage.LayerTLS, Share: 0.9, Why: "9 of 10 failures are connects"},
		Class: outage.CauseAttack, Leading: []string{"network-dos"}, Sentence: "What was measured is consistent with a flood of the network.",
		Likelihood: "likely", Confidence: outage.TrustModerate, ConfidenceWhy: "Confidence is moderate: 600 attempts from 5 networks.",
		Classes: []outage.ClassSupport{{Class: outage.CauseAttack, Support: 0.7}},
		Hypotheses: []outage.Hypothesis{{
			ID: "network-dos", Title: "flood", Class: outage.CauseAttack, Prior: -1.5, Score: 0.5, Support: 0.7, For: weighed, Against: weighed, Missing: []string{"flow-surge"},
		}},
		Evidence: []outage.Evidence{{
			ID: "9f86d081", Sign: "partial-loss", Group: "connect", Finding: outage.FindingPresent, Sentence: "62 % of connects failed.",
			Feature: "connect_fail_frac", Value: 0.62, Unit: "share", Expected: "between 0.05 and 0.95", From: m, To: m + 5, Sample: 600,
			Vantages: 10, Networks: 5, Origin: outage.OriginObserver, Source: &source, Rests: []string{"a0011223344556677/4711"},
		}},
		Wanted: []outage.Wanted{{Sign: "flow-surge", Text: "traffic at an exchange", Between: []string{"network-dos", "provider-network"}}},
		Chain:  []outage.ChainLink{{Role: "visible", Text: "connects fail", Confidence: outage.TrustHigh}},
		Moved:  []outage.Moved{{Sign: "partial-loss", Text: "new: 62 % of connects failed", For: "network-dos", Weight: 0.5}},
		Onset:  m - 2, Features: []outage.Feature{{
			Name: "connect_fail_frac", Value: 0.62, From: m, To: m + 5, Sample: 600, Vantages: 10, Networks: 5, Origin: outage.OriginObserver,
			Source: &source, Quote: "62 % of connects failed", Rests: []string{"a0011223344556677/4711"},
		}},
	}
}

// measurement has every phase, which no true one has.
func measurement(m outage.Minute) *outage.Measurement {
	span := outage.Span{T0: 0.5, T: 20.25}
	day := time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)
	return &outage.Measurement{
		Agent: "a0011223344556677", Sequence: 4711, Attempt: 2, Source: "ooni", Origin: "20250310T093000Z", Kind: outage.KindChange, Depth: outage.DepthPage,
		Time: day.Add(34200500 * time.Millisecond), Vantage: outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball, Resolver: "192.0.2.53"},
		Clock:  outage.Clock{OffsetMS: -12.5, Synced: true},
		Target: outage.Target{Service: "x", Journey: "feed", Step: "home", Variant: "mobile", URL: "https://x.example/", Host: "x.example", Address: "192.0.2.7", Port: 443, Family: 4, Role: outage.RolePrimary},
		DNS: &outage.DNS{Span: span, Resolver: "192.0.2.53", Transport: "udp", Authoritative: true, Authenticated: true, Rcode: "NOERROR",
			Answers: []outage.Answer{{Type: "A", Data: "192.0.2.7", TTL: 300}}, Truncated: true, Nameserver: "ns.x.example", Failure: outage.FailureSERVFAIL},
		TCP: &outage.TCP{Span: span, Retransmits: 1, Known: true, RTTMS: 12.5, RTTVarMS: 3.5, Failure: outage.FailureReset},
		TLS: &outage.TLS{Span: span, Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ALPN: "h2", Alert: 40, Failure: outage.FailureCertExpired,
			Certificate: &outage.Certificate{SHA256: "9f86d081", Subject: "x.example", Issuer: "Example CA", NotBefore: day, NotAfter: day.AddDate(0, 3, 0), Names: []string{"x.example"}, NameMatch: true, Chain: 2}},
		QUIC: &outage.QUIC{Span: span, Version: "v1", Failure: outage.FailureQUICVersion},
		HTTP: &outage.HTTP{Span: span, FirstByte: 18.5, Method: "GET", Proto: "HTTP/2.0", Status: 503, Hop: 1, Location: "https://x.example/home", Server: "cloudflare", Edge: "FRA", Provider: "cloudflare",
			Cache: "MISS", RetryAfter: "30", BodyBytes: 5120, BodySHA256: "9f86d081", BodyClass: outage.BodyErrorPage, Title: "503", Failure: outage.FailureHTTP5xx},
		Echo:    &outage.Echo{Span: span, Sent: 3, Received: 2, RTTMS: []float64{12.5, 13}, Failure: outage.FailureTimeout},
		Path:    &outage.Path{Span: span, Protocol: "udp", Hops: []outage.Hop{{TTL: 1, Address: "198.51.100.1", RTTMS: 0.5}}, Reached: true},
		Journey: &outage.Journey{Order: 1, Passed: []string{"status"}, Failed: []string{"keyword"}, Failure: outage.FailureKeyword},
		Outcome: outage.OutcomeFail, Layer: outage.LayerHTTP, Operation: outage.OperationRoundTrip, Failure: outage.FailureHTTP5xx,
		Budget: outage.Budget{TimeoutMS: 20000, Bytes: 1 << 20}, Gap: &outage.Gap{First: 4700, Head: "9f86d081", Reason: outage.GapSpoolFull},
		Previous: "60303ae2", Hash: "fd61a03a", Signature: "AAAA", Received: m, Late: true,
	}
}

// What was stored once decodes for ever: every golden reads back as the sample
// that made it, and the sample is written as the golden says.
func TestWire(t *testing.T) {
	all := samples()
	grown := map[string]bool{
		"service": true, "points": true, "points_2": true, "detections": true, "detections_2": true, "incident": true, "incident_2": true, "incident_3": true,
		"service_2": true, "probestate": true, "agent": true, "bulletin": true, "verdict": true,
	}
	maps.Copy(all, later())
	for name, sample := range all {
		t.Run(name, func(t *testing.T) {
			if unset := zeroField(reflect.ValueOf(sample).Elem()); unset != "" && !grown[name] {
				t.Fatalf("the sample leaves %s empty: set it, so that the golden holds it", unset)
			}
			got, err := json.MarshalIndent(sample, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("..", "testdata", "wire", "v1", name+".json")
			want, err := os.ReadFile(file)
			if os.IsNotExist(err) && *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(append(got, '\n'), want) {
				t.Errorf("written as\n%s\nthe golden is\n%s", got, want)
			}
			back := reflect.New(reflect.TypeOf(sample).Elem())
			d := json.NewDecoder(bytes.NewReader(want))
			d.DisallowUnknownFields()
			if err := d.Decode(back.Interface()); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back.Interface(), sample) {
				t.Errorf("read back as %+v", back.Interface())
			}
		})
	}
}

// zeroField names the first field that is empty, at any depth.
func zeroField(v reflect.Value) string {
	if v.Type() == reflect.TypeFor[time.Time]() { // its inside is its own business
		return ""
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return zeroField(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := zeroField(v.Field(i)); name != "" {
				return v.Type().Field(i).Name + "." + name
			}
			if v.Field(i).IsZero() {
				return v.Type().Field(i).Name
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if name := zeroField(v.Index(i)); name != "" {
				return name
			}
		}
	}
	return ""
}

func TestMinuteText(t *testing.T) {
	for text, want := range map[string]outage.Minute{
		"2025-03-10T09:30Z": 29026650, "2025-03-10T09:30:59Z": 29026650, "2025-03-10T10:30:00+01:00": 29026650,
		"1970-01-01T00:00Z": 0, "1969-12-31T23:59Z": -1,
	} {
		got, err := outage.ParseMinute(text)
		if err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
		if back, err := outage.ParseMinute(got.String()); err != nil || back != got {
			t.Errorf("%s reads back as %d, %v", got, back, err)
		}
	}
	for _, bad := range []string{"", "09:30", "2025-03-10", "2025-13-10T09:30Z"} {
		if m, err := outage.ParseMinute(bad); err == nil {
			t.Errorf("%q was read as %s", bad, m)
		}
	}
}

func FuzzParseMinute(f *testing.F) {
	f.Add("2025-03-10T09:30Z")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := outage.ParseMinute(s)
		if err != nil {
			return
		}
		if back, err := outage.ParseMinute(m.String()); err != nil || back != m {
			t.Errorf("%q is %d, written %s, read back %d, %v", s, m, m, back, err)
		}
	})
}
