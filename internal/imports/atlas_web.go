package imports

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"faultline/outage"
)

// atlasTLS are the fields of a certificate result.
type atlasTLS struct {
	Certs   []string `json:"cert"`
	Method  string   `json:"method"`
	Version string   `json:"ver"`
	Cipher  string   `json:"server_cipher"`
	RTT     float64  `json:"rt"`
	Connect *float64 `json:"ttc"`
	Alert   *struct {
		Level  int  `json:"level"`
		Number int  `json:"description"`
		Typo   *int `json:"decription"` // as the documentation spells it
	} `json:"alert"`
}

// sslVersions are what Atlas calls versions and what people do. 3.x is the number
// on the wire, of which 1.x is the name.
var sslVersions = map[string]string{
	"3.0": "SSL 3.0", "3.1": "TLS 1.0", "3.2": "TLS 1.1", "3.3": "TLS 1.2",
	"1.0": "TLS 1.0", "1.1": "TLS 1.1", "1.2": "TLS 1.2", "1.3": "TLS 1.3",
}

func (a *atlas) sslcert() error {
	m := a.base
	if m.Target.Port == 0 {
		m.Target.Port = 443
	}
	begun := a.Connect != nil || len(a.Certs) > 0 || a.Alert != nil
	connected := 0.0
	if a.Connect != nil {
		connected = millis(*a.Connect)
		m.TCP = &outage.TCP{Span: outage.Span{T: connected}}
	}
	if !begun {
		m.TCP = &outage.TCP{Failure: look(socketPhrases, or(a.Error, "timeout"))}
		fail(&m, outage.LayerTCP, outage.OperationConnect, m.TCP.Failure)
		a.give(&m)
		return nil
	}
	t := &outage.TLS{
		Span: outage.Span{T0: connected, T: max(connected, millis(a.RTT))}, Version: text(or(sslVersions[a.Version], a.Version)), Cipher: text(a.Cipher),
	}
	m.TLS = t
	if a.Alert != nil {
		t.Alert = a.Alert.Number
		if a.Alert.Typo != nil {
			t.Alert = *a.Alert.Typo
		}
		t.Failure = alertFailure(t.Alert)
	}
	if len(a.Certs) > 0 {
		block, _ := pem.Decode([]byte(a.Certs[0]))
		if block == nil {
			return errors.New("the first entry of cert is no certificate in PEM form: the record is damaged")
		}
		t.Certificate = certificate(block.Bytes, m.Target.Host, len(a.Certs))
		if t.Failure == "" {
			t.Failure = certificateFailure(t.Certificate, m.Time)
		}
	}
	if t.Failure == "" && a.Error != "" {
		t.Failure = look(socketPhrases, a.Error)
	}
	fail(&m, outage.LayerTLS, outage.OperationTLSHandshake, t.Failure)
	a.give(&m)
	return nil
}

// atlasHTTP is one request; mode, addr and srcaddr are names of before 4460.
type atlasHTTP struct {
	Family   int      `json:"af"`
	Address  string   `json:"dst_addr"`
	OldAddr  string   `json:"addr"`
	Method   string   `json:"method"`
	Mode     string   `json:"mode"`
	Status   int      `json:"res"`
	Version  string   `json:"ver"`
	Body     int64    `json:"bsize"`
	Total    float64  `json:"rt"`
	Connect  *float64 `json:"ttc"`
	First    *float64 `json:"ttfb"`
	Error    string   `json:"err"`
	DNSError string   `json:"dnserr"`
	Time     int64    `json:"time"`
}

func (a *atlas) http() error {
	var list []atlasHTTP
	if strings.HasPrefix(strings.TrimSpace(string(a.Result)), `"`) {
		one, err := a.httpText()
		if err != nil {
			return err
		}
		list = []atlasHTTP{*one}
	} else if err := a.result(&list); err != nil {
		return err
	}
	if len(list) > maxAttempts {
		return fmt.Errorf("the result holds %d requests: at most %d are read", len(list), maxAttempts)
	}
	for i := range list {
		if !a.give(a.request(&list[i])) {
			return nil
		}
	}
	return nil
}

// httpText reads the one line of the first firmware: method, address, seconds,
// status, size of the head and of the body.
func (a *atlas) httpText() (*atlasHTTP, error) {
	var line string
	if err := a.result(&line); err != nil {
		return nil, err
	}
	const fields = 6
	f := strings.Fields(line)
	if len(f) < fields {
		return nil, fmt.Errorf("result %q is no result of http: it should be method, address, seconds, status, head, body", clip(line))
	}
	took, err := strconv.ParseFloat(f[2], 64)
	status, err2 := strconv.Atoi(f[3])
	body, err3 := strconv.ParseInt(f[5], 10, 64)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, fmt.Errorf("result %q is no result of http: %w", clip(line), err)
	}
	return &atlasHTTP{Method: f[0], Address: f[1], Total: took * 1000, Status: status, Body: body}, nil
}

func (a *atlas) request(r *atlasHTTP) *outage.Measurement {
	m := a.base
	if t := targetOf(a.URI); t.Host != "" {
		m.Target.URL, m.Target.Host, m.Target.Port = t.URL, t.Host, t.Port
	}
	m.Target.Address = text(or(r.Address, r.OldAddr))
	if m.Target.Family = r.Family; r.Family == 0 {
		m.Target.Family = family(m.Target.Address)
	}
	if r.Time != 0 {
		m.Time = time.Unix(r.Time, 0).UTC()
	}
	if r.DNSError != "" {
		m.DNS = &outage.DNS{Resolver: "system", Failure: look(resolvePhrases, r.DNSError)}
		fail(&m, outage.LayerDNS, outage.OperationResolve, m.DNS.Failure)
		return &m
	}
	connecting := strings.HasPrefix(strings.ToLower(r.Error), "connect")
	if r.Connect != nil || connecting {
		m.TCP = &outage.TCP{}
		if r.Connect != nil {
			m.TCP.T = millis(*r.Connect)
		}
		if connecting {
			m.TCP.Failure = look(socketPhrases, r.Error)
			fail(&m, outage.LayerTCP, outage.OperationConnect, m.TCP.Failure)
			return &m
		}
	}
	m.HTTP = httpOf(r, &m)
	fail(&m, outage.LayerHTTP, outage.OperationRoundTrip, m.HTTP.Failure)
	return &m
}

// httpOf is the round trip of a request that got as far.
func httpOf(r *atlasHTTP, m *outage.Measurement) *outage.HTTP {
	method := strings.TrimRight(or(r.Method, r.Mode), "46")
	h := &outage.HTTP{Method: text(or(method, http.MethodGet)), Status: r.Status, BodyBytes: r.Body}
	if r.Version != "" {
		h.Proto = "HTTP/" + text(r.Version)
	}
	if m.TCP != nil {
		h.T0 = m.TCP.T
	}
	if h.T = max(h.T0, millis(r.Total)); r.First != nil {
		h.FirstByte = max(0, millis(*r.First)-h.T0)
	}
	switch {
	case r.Error != "":
		h.Failure = look(socketPhrases, r.Error)
	case r.Status == 0:
		h.Failure = outage.FailureHTTPRequest
	default:
		h.Failure = statusFailure(r.Status)
	}
	return h
}
