package imports

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"faultline/outage"
)

func looksBlackbox(head []byte) bool {
	if hasKey(head, "") {
		return false
	}
	return bytes.HasPrefix(bytes.TrimSpace(head), []byte("#")) && bytes.Contains(head, []byte("probe_")) ||
		strings.HasPrefix(firstLine(head), "probe_")
}

// parseBlackbox reads an exposition: one probe of one target as the exporter gives
// it, or as a federation gives it, many, each with its labels and time.
func parseBlackbox(s *source) error {
	raw, err := io.ReadAll(io.LimitReader(s.in, maxExposed+1))
	if err != nil {
		return fmt.Errorf("read: %w: is the file whole?", err)
	}
	if len(raw) > maxExposed {
		return fmt.Errorf("the exposition has more than %d bytes: import it in parts", maxExposed)
	}
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		raw = append(raw, '\n') // the format wants it, people forget it
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(raw))
	if err != nil {
		var at expfmt.ParseError
		if errors.As(err, &at) {
			s.line = at.Line
			return fmt.Errorf("%s: is this the text format of Prometheus?", clip(at.Msg))
		}
		return fmt.Errorf("decode the metrics: %w", err)
	}
	groups, err := s.group(families)
	if err != nil {
		return err
	}
	for _, g := range groups {
		m, err := s.probe(g)
		if err != nil {
			if !s.bad(0, err) {
				return nil
			}
			continue
		}
		if !s.give(m) {
			return nil
		}
	}
	return nil
}

// probeGroup is what one probe of one target said.
type probeGroup struct {
	target string
	by     string // job and module
	millis int64  // since 1970; 0: the exposition carries no time
	values map[string]float64
	info   map[string]map[string]string // labels of metrics that carry text
}

// maxGroups of one exposition: more targets than a Prometheus federates at once.
const maxGroups = 50_000

// group sorts the series by target and time, in that order.
func (s *source) group(families map[string]*dto.MetricFamily) ([]*probeGroup, error) {
	type key struct {
		target, job, module string // two modules may probe one target
		at                  int64
	}
	found := map[key]*probeGroup{}
	for name, f := range families {
		if !strings.HasPrefix(name, "probe_") {
			continue
		}
		for _, m := range f.Metric {
			labels := map[string]string{}
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			k := key{or(labels["target"], labels["instance"]), labels["job"], labels["module"], m.GetTimestampMs()}
			g := found[k]
			if g == nil {
				if len(found) == maxGroups {
					return nil, fmt.Errorf("the exposition holds more than %d probes: import it in parts", maxGroups)
				}
				g = &probeGroup{target: k.target, by: k.job + "\x00" + k.module, millis: k.at, values: map[string]float64{}, info: map[string]map[string]string{}}
				found[k] = g
			}
			g.values[name+phaseOf(labels)] = valueOf(m)
			g.info[name] = labels
		}
	}
	list := make([]*probeGroup, 0, len(found))
	for _, g := range found {
		if _, ok := g.values["probe_success"]; ok {
			list = append(list, g)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no probe_success is in the exposition: without it nobody knows how the probe ended")
	}
	slices.SortFunc(list, func(a, b *probeGroup) int {
		return cmp.Or(cmp.Compare(a.millis, b.millis), strings.Compare(a.target, b.target), strings.Compare(a.by, b.by))
	})
	return list, nil
}

func phaseOf(labels map[string]string) string {
	if p := labels["phase"]; p != "" {
		return "/" + p
	}
	return ""
}

// valueOf is the number of a series of any simple type.
func valueOf(m *dto.Metric) float64 {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Untyped != nil:
		return m.Untyped.GetValue()
	}
	return math.NaN()
}

// ms is a series in seconds as milliseconds, with nonsense cut off.
func (g *probeGroup) ms(name string) float64 {
	v := g.values[name]
	if math.IsNaN(v) {
		return 0
	}
	return millis(v * 1000)
}

// count is a series that counts; nonsense is 0.
func (g *probeGroup) count(name string) int64 {
	v := g.values[name]
	if !(v > 0 && v < 1<<53) {
		return 0
	}
	return int64(v)
}

// probe is the measurement of a group.
func (s *source) probe(g *probeGroup) (*outage.Measurement, error) {
	m := &outage.Measurement{Agent: "blackbox", Time: s.opts.Time.UTC()}
	if g.millis != 0 {
		m.Time = time.UnixMilli(g.millis).UTC()
	} else if s.opts.Time.IsZero() {
		return nil, errors.New("the exposition carries no time: say with --time when it was read, such as 2025-03-10T09:30:00Z")
	}
	target := or(g.target, s.opts.Target)
	if target == "" {
		return nil, errors.New("the exposition has no label target or instance: say with --target what was probed")
	}
	m.Target = targetOf(withScheme(target))
	if !strings.Contains(target, "://") {
		m.Target.URL = ""
	}
	m.Target.Family = int(g.count("probe_ip_protocol"))
	g.dns(m)
	_, isHTTP := g.values["probe_http_status_code"]
	switch {
	case isHTTP:
		g.http(m)
	case g.info["probe_icmp_duration_seconds"] != nil:
		m.Echo = &outage.Echo{Sent: 1}
		if g.values["probe_success"] == 1 {
			rtt := g.ms("probe_icmp_duration_seconds/rtt")
			m.Echo.Received, m.Echo.RTTMS, m.Echo.T = 1, []float64{rtt}, rtt
		}
	case g.info["probe_dns_duration_seconds"] != nil:
		g.asked(m)
	default:
		m.TCP = &outage.TCP{Span: outage.Span{T: g.ms("probe_duration_seconds")}}
	}
	g.tls(m)
	if g.values["probe_success"] != 1 {
		g.blame(m, isHTTP)
	}
	return m, nil
}

// withScheme makes a bare host or host:port readable as a URL.
func withScheme(target string) string {
	if strings.Contains(target, "://") {
		return target
	}
	return "tcp://" + target
}

func (g *probeGroup) dns(m *outage.Measurement) {
	if t, ok := g.values["probe_dns_lookup_time_seconds"]; ok && t > 0 {
		m.DNS = &outage.DNS{Resolver: "system", Span: outage.Span{T: g.ms("probe_dns_lookup_time_seconds")}}
	}
}

// asked is a probe of a DNS server itself.
func (g *probeGroup) asked(m *outage.Measurement) {
	d := &outage.DNS{Resolver: m.Target.Host, Span: outage.Span{T: g.ms("probe_dns_duration_seconds/request")}}
	if ok, known := g.values["probe_dns_query_succeeded"]; known && ok == 1 {
		d.Rcode = "NOERROR"
	}
	m.DNS = d
}

// http lays the phases one behind the other, as they were measured.
func (g *probeGroup) http(m *outage.Measurement) {
	const phases = "probe_http_duration_seconds/"
	at := g.ms(phases + "resolve")
	if connect := g.ms(phases + "connect"); connect > 0 {
		m.TCP = &outage.TCP{Span: outage.Span{T0: at, T: at + connect}}
		at += connect
	}
	if shake := g.ms(phases + "tls"); shake > 0 {
		m.TLS = &outage.TLS{Span: outage.Span{T0: at, T: at + shake}}
		at += shake
	}
	status := int(min(g.count("probe_http_status_code"), 999))
	if status == 0 && m.TCP == nil {
		return
	}
	first := g.ms(phases + "processing")
	m.HTTP = &outage.HTTP{
		Span: outage.Span{T0: at, T: at + first + g.ms(phases+"transfer")}, FirstByte: first, Method: "GET", Status: status,
		Hop: int(min(g.count("probe_http_redirects"), maxHops)), BodyBytes: g.count("probe_http_uncompressed_body_length"),
	}
	if v := g.values["probe_http_version"]; v > 0 && v < 10 {
		m.HTTP.Proto = fmt.Sprintf("HTTP/%.1f", v)
	}
}

func (g *probeGroup) tls(m *outage.Measurement) {
	version := g.info["probe_tls_version_info"]["version"]
	expiry := g.count("probe_ssl_earliest_cert_expiry")
	if version == "" && expiry == 0 {
		return
	}
	if m.TLS == nil {
		m.TLS = &outage.TLS{}
	}
	m.TLS.Version, m.TLS.Cipher = text(version), text(g.info["probe_tls_cipher_info"]["cipher"])
	info := g.info["probe_ssl_last_chain_info"]
	if expiry > 0 && time.Unix(expiry, 0).Before(latest) {
		m.TLS.Certificate = &outage.Certificate{
			SHA256: text(info["fingerprint_sha256"]), Subject: text(info["subject"]), Issuer: text(info["issuer"]),
			NotAfter: time.Unix(expiry, 0).UTC(),
		}
	}
}

// noCause is the failure of a probe that ended badly without a word why.
const noCause = "the exporter does not say why"

// blame finds the phase in which a probe failed: the first that has no duration. An
// exporter tells its log why, and its metrics only that.
func (g *probeGroup) blame(m *outage.Measurement, isHTTP bool) {
	f := unknown(noCause)
	switch {
	case m.HTTP != nil && m.HTTP.Status != 0 && g.values["probe_failed_due_to_regex"] == 1:
		m.HTTP.Failure = outage.FailureKeyword
		fail(m, outage.LayerApp, outage.OperationAssert, outage.FailureKeyword)
	case m.HTTP != nil && m.HTTP.Status != 0:
		if m.HTTP.Failure = statusFailure(m.HTTP.Status); m.HTTP.Failure == "" {
			m.HTTP.Failure = outage.FailureHTTPStatus // another status than the exporter was told to accept
		}
		fail(m, outage.LayerHTTP, outage.OperationRoundTrip, m.HTTP.Failure)
	case m.Echo != nil:
		m.Echo.Failure = outage.FailureTimeout
		fail(m, outage.LayerRoute, outage.OperationEcho, m.Echo.Failure)
	case g.info["probe_dns_duration_seconds"] != nil:
		m.DNS.Failure = f
		fail(m, outage.LayerDNS, outage.OperationResolve, f)
	case m.Target.Family == 0:
		m.DNS = &outage.DNS{Resolver: "system", Failure: f}
		m.TCP = nil
		fail(m, outage.LayerDNS, outage.OperationResolve, f)
	case m.TCP == nil || !isHTTP:
		m.TCP = &outage.TCP{Failure: f}
		fail(m, outage.LayerTCP, outage.OperationConnect, f)
	case m.TLS == nil && strings.HasPrefix(m.Target.URL, "https:"):
		m.TLS, m.HTTP = &outage.TLS{Failure: f}, nil
		fail(m, outage.LayerTLS, outage.OperationTLSHandshake, f)
	default:
		m.HTTP.Failure = f
		fail(m, outage.LayerHTTP, outage.OperationRoundTrip, f)
	}
}
