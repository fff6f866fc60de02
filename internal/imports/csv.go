package imports

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"faultline/outage"
)

// column is one of the documented columns: how a field that is not empty goes into
// a measurement.
type column struct {
	name string
	set  func(m *outage.Measurement, field string) error
}

// columns is the table of the documented columns, in the order of the page
// docs/reference/measurements-csv.md. Only time is needed, and target or service.
func columns() []column {
	return slices.Concat(whoColumns(), phaseColumns(), []column{
		{"outcome", oneOf(func(m *outage.Measurement, v outage.Outcome) { m.Outcome = v },
			outage.OutcomeOK, outage.OutcomeDegraded, outage.OutcomeFail, outage.OutcomeSkipped)},
		{"layer", oneOf(func(m *outage.Measurement, v outage.Layer) { m.Layer = v }, outage.LayerMonitor, outage.LayerDNS,
			outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp)},
		{"operation", oneOf(func(m *outage.Measurement, v outage.Operation) { m.Operation = v }, outage.OperationResolve,
			outage.OperationConnect, outage.OperationTLSHandshake, outage.OperationQUICHandshake, outage.OperationRoundTrip,
			outage.OperationEcho, outage.OperationTrace, outage.OperationAssert)},
		{"failure", func(m *outage.Measurement, v string) error {
			if m.Failure = outage.Failure(v); !m.Failure.Known() {
				m.Failure = unknown(v)
			}
			return nil
		}},
		{"depth", oneOf(func(m *outage.Measurement, v outage.Depth) { m.Depth = v }, outage.DepthNone, outage.DepthName,
			outage.DepthEdge, outage.DepthPage, outage.DepthJourney)},
	})
}

// whoColumns say who measured what, when and from where.
func whoColumns() []column {
	return []column{
		{"time", func(m *outage.Measurement, v string) (err error) { m.Time, err = parseTime(v); return err }},
		{"target", func(m *outage.Measurement, v string) error {
			m.Target = targetOf(withScheme(v))
			if !strings.Contains(v, "://") {
				m.Target.URL = ""
			}
			if m.Target.Host == "" {
				return errors.New("names no host: write a URL, a host or host:port")
			}
			return nil
		}},
		{"service", func(m *outage.Measurement, v string) error { m.Target.Service = text(v); return nil }},
		{"agent", func(m *outage.Measurement, v string) error { m.Agent = text(v); return nil }},
		{"origin", func(m *outage.Measurement, v string) error { m.Origin = text(v); return nil }},
		{"attempt", whole(func(m *outage.Measurement, v int) { m.Attempt = v }, 1, 1000)},
		{"country", func(m *outage.Measurement, v string) error {
			if len(v) != 2 || strings.ToUpper(v) != v {
				return errors.New("is no country: write the two capital letters of ISO 3166-1")
			}
			m.Vantage.Country = text(v)
			return nil
		}},
		{"network", func(m *outage.Measurement, v string) error {
			n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(v), "AS"), 10, 32)
			if err != nil || n == 0 {
				return errors.New("is no AS number: write 3320 or AS3320")
			}
			m.Vantage.Network = fmt.Sprintf("AS%d", n)
			return nil
		}},
		{"network_class", oneOf(func(m *outage.Measurement, v string) { m.Vantage.Class = v }, "eyeball", "datacenter", "mobile", "edu", "anchor")},
		{"resolver", func(m *outage.Measurement, v string) error { m.Vantage.Resolver = text(v); return nil }},
		{"address", func(m *outage.Measurement, v string) error {
			if m.Target.Address, m.Target.Family = text(v), family(v); m.Target.Family == 0 {
				return errors.New("is no address: write 192.0.2.7 or 2001:db8::7")
			}
			return nil
		}},
	}
}

// phaseColumns say what was seen; durations are in milliseconds.
func phaseColumns() []column {
	return []column{
		{"dns_ms", duration(func(m *outage.Measurement, v float64) { dnsOf(m).T = v })},
		{"rcode", func(m *outage.Measurement, v string) error { dnsOf(m).Rcode = strings.ToUpper(text(v)); return nil }},
		{"tcp_ms", duration(func(m *outage.Measurement, v float64) { tcpOf(m).T = v })},
		{"syn_retransmits", whole(func(m *outage.Measurement, v int) { t := tcpOf(m); t.Retransmits, t.Known = v, true }, 0, 100)},
		{"rtt_ms", duration(func(m *outage.Measurement, v float64) { tcpOf(m).RTTMS = v })},
		{"tls_ms", duration(func(m *outage.Measurement, v float64) { tlsOf(m).T = v })},
		{"tls_version", func(m *outage.Measurement, v string) error { tlsOf(m).Version = text(v); return nil }},
		{"status", whole(func(m *outage.Measurement, v int) { webOf(m).Status = v }, 100, 999)},
		{"ttfb_ms", duration(func(m *outage.Measurement, v float64) { webOf(m).FirstByte = v })},
		{"http_ms", duration(func(m *outage.Measurement, v float64) { webOf(m).T = v })},
		{"location", func(m *outage.Measurement, v string) error { webOf(m).Location = text(v); return nil }},
		{"hop", whole(func(m *outage.Measurement, v int) { webOf(m).Hop = v }, 0, 100)},
		{"bytes", whole(func(m *outage.Measurement, v int) { webOf(m).BodyBytes = int64(v) }, 0, 1<<40)},
		{"body_class", oneOf(func(m *outage.Measurement, v outage.BodyClass) { webOf(m).BodyClass = v }, outage.BodyOK, outage.BodyErrorPage,
			outage.BodyChallenge, outage.BodyBlockPage, outage.BodyQueue, outage.BodyMaintenance, outage.BodyEmpty)},
	}
}

func dnsOf(m *outage.Measurement) *outage.DNS {
	if m.DNS == nil {
		m.DNS = &outage.DNS{Resolver: "system"}
	}
	return m.DNS
}

func tcpOf(m *outage.Measurement) *outage.TCP {
	if m.TCP == nil {
		m.TCP = &outage.TCP{}
	}
	return m.TCP
}

func tlsOf(m *outage.Measurement) *outage.TLS {
	if m.TLS == nil {
		m.TLS = &outage.TLS{}
	}
	return m.TLS
}

func webOf(m *outage.Measurement) *outage.HTTP {
	if m.HTTP == nil {
		m.HTTP = &outage.HTTP{Method: "GET"}
	}
	return m.HTTP
}

// oneOf takes a word of a closed set.
func oneOf[T ~string](set func(*outage.Measurement, T), words ...T) func(*outage.Measurement, string) error {
	return func(m *outage.Measurement, v string) error {
		if !slices.Contains(words, T(v)) {
			return fmt.Errorf("is not known: use one of %s", strings.Trim(fmt.Sprint(words), "[]"))
		}
		set(m, T(v))
		return nil
	}
}

// whole takes a whole number between two bounds.
func whole(set func(*outage.Measurement, int), least, most int) func(*outage.Measurement, string) error {
	return func(m *outage.Measurement, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return fmt.Errorf("is no whole number from %d to %d", least, most)
		}
		set(m, n)
		return nil
	}
}

// duration takes milliseconds.
func duration(set func(*outage.Measurement, float64)) func(*outage.Measurement, string) error {
	return func(m *outage.Measurement, v string) error {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(f) || f < 0 || f > maxSeconds*1000 {
			return errors.New("is no duration: write milliseconds, such as 12.5")
		}
		set(m, f)
		return nil
	}
}

// layouts of times without a zone, which are UTC.
var layouts = [...]string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05"}

func parseTime(v string) (time.Time, error) {
	for _, l := range layouts {
		if t, err := time.Parse(l, v); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("cannot be read: write 2025-03-10T09:30:12Z, or 2025-03-10 09:30:12 in UTC")
}

func looksCSV(head []byte) bool {
	header := strings.Split(firstLine(head), ",")
	return slices.Contains(header, "time") && (slices.Contains(header, "target") || slices.Contains(header, "service"))
}

func parseCSV(s *source) error {
	all := columns()
	known := make([]string, len(all))
	for i, c := range all {
		known[i] = c.name
	}
	t, err := newTable(s, known, []string{"time"})
	if err != nil {
		return err
	}
	return t.rows(func(row map[string]string) error {
		m := &outage.Measurement{Agent: "csv"}
		for _, c := range all {
			v := row[c.name]
			if v == "" {
				continue
			}
			if err := c.set(m, v); err != nil {
				return fmt.Errorf("%s %q %w", c.name, clip(v), err)
			}
		}
		if err := settle(m); err != nil {
			return err
		}
		s.give(m)
		return nil
	})
}

// settle makes a row whole: its phases one behind the other, and its outcome.
func settle(m *outage.Measurement) error {
	if m.Time.IsZero() {
		return errors.New("time is empty: every row has one")
	}
	if m.Target.Host == "" && m.Target.Service == "" {
		return errors.New("target and service are empty: say what was measured")
	}
	at := 0.0
	for _, s := range spans(m) {
		s.T0, s.T = at, at+s.T
		at = s.T
	}
	if m.HTTP != nil && m.Failure == "" {
		m.HTTP.Failure = statusFailure(max(m.HTTP.Status, 100))
		fail(m, outage.LayerHTTP, outage.OperationRoundTrip, m.HTTP.Failure)
	}
	switch {
	case m.Outcome == outage.OutcomeFail && m.Failure == "":
		m.Failure = unknown("the source says only that it failed")
	case m.Outcome == outage.OutcomeOK && m.Failure != "":
		return fmt.Errorf("outcome is ok and failure is %q: they cannot both be true", m.Failure)
	}
	return nil
}

// spans of the phases that a measurement has, in the order of the way.
func spans(m *outage.Measurement) []*outage.Span {
	var list []*outage.Span
	if m.DNS != nil {
		list = append(list, &m.DNS.Span)
	}
	if m.TCP != nil {
		list = append(list, &m.TCP.Span)
	}
	if m.TLS != nil {
		list = append(list, &m.TLS.Span)
	}
	if m.HTTP != nil {
		list = append(list, &m.HTTP.Span)
	}
	return list
}
