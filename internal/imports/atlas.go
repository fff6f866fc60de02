package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"faultline/outage"
)

// atlasRecord is what is read of a result of RIPE Atlas. The names of fields have
// changed with the firmware: addr, name, pf and srcaddr are those of before 4460.
type atlasRecord struct {
	Firmware  json.Number `json:"fw"`
	Type      string      `json:"type"`
	Name      string      `json:"msm_name"`
	Measure   int64       `json:"msm_id"`
	Probe     int64       `json:"prb_id"`
	Timestamp int64       `json:"timestamp"`
	Synced    *int64      `json:"lts"`
	From      string      `json:"from"`

	Family    int         `json:"af"`
	OldFamily json.Number `json:"pf"`
	Address   string      `json:"dst_addr"`
	OldAddr   string      `json:"addr"`
	Host      string      `json:"dst_name"`
	OldHost   string      `json:"name"`
	Port      atlasPort   `json:"dst_port"`
	Protocol  string      `json:"proto"`

	DNSError string          `json:"dnserr"`
	Error    string          `json:"err"`
	Result   json.RawMessage `json:"result"`

	atlasPing
	atlasLookup
	atlasTLS
	URI string `json:"uri"`
}

// atlasPort is a number, a number as text, or in old results "https".
type atlasPort int

// UnmarshalJSON implements [json.Unmarshaler].
func (p *atlasPort) UnmarshalJSON(b []byte) error {
	word := strings.Trim(string(b), `"`)
	switch word {
	case "https":
		*p = 443
		return nil
	case "", "null":
		return nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("dst_port %s is no port: use 1 to 65535", clip(word))
	}
	*p = atlasPort(n)
	return nil
}

func looksAtlas(head []byte) bool { return hasKey(head, "msm_id", "prb_id") }

func parseAtlas(s *source) error {
	return s.objects(func(raw []byte) error {
		var r atlasRecord
		if err := decode(raw, &r); err != nil {
			return err
		}
		a := &atlas{source: s, atlasRecord: &r}
		return a.all()
	})
}

// atlas is one result being taken apart.
type atlas struct {
	*source
	*atlasRecord
	base outage.Measurement
}

// atlasKinds is the table of the types of results.
func atlasKinds() map[string]func(*atlas) error {
	return map[string]func(*atlas) error{
		"ping": (*atlas).ping, "traceroute": (*atlas).traceroute, "dns": (*atlas).dns,
		"sslcert": (*atlas).sslcert, "http": (*atlas).http,
	}
}

func (a *atlas) all() error {
	kind := a.kind()
	read, ok := atlasKinds()[kind]
	if !ok {
		return fmt.Errorf("type %q cannot be imported: ping, traceroute, dns, sslcert and http can", clip(kind))
	}
	if a.Timestamp == 0 {
		return errors.New("timestamp is missing: every result of RIPE Atlas has one")
	}
	a.shared()
	if a.DNSError != "" { // the probe could not resolve the target itself
		m := a.base
		m.DNS = &outage.DNS{Resolver: "system", Failure: look(resolvePhrases, a.DNSError)}
		fail(&m, outage.LayerDNS, outage.OperationResolve, m.DNS.Failure)
		a.give(&m)
		return nil
	}
	return read(a)
}

// kind is the type of the result. The first firmware wrote none; its two sorts are
// told apart by what they hold.
func (a *atlas) kind() string {
	if a.Type != "" {
		return strings.ToLower(a.Type)
	}
	name := strings.ToLower(a.Name)
	switch {
	case name == "sslcert", name == "ping", name == "traceroute", name == "http":
		return name
	case strings.HasPrefix(name, "sslgetcert"):
		return "sslcert"
	case a.Sent != nil:
		return "ping"
	case strings.HasPrefix(string(a.Result), `"traceroute to`):
		return "traceroute"
	case len(a.Result) > 0 && a.Result[0] == '"':
		return "http"
	}
	return name
}

// syncedWithin is how many seconds ago a probe's clock must have been compared with
// a controller's to be called right.
const syncedWithin = 15 * 60

// shared fills in what all attempts of the result share.
func (a *atlas) shared() {
	m := outage.Measurement{
		Agent:  fmt.Sprintf("atlas/%d", a.Probe),
		Origin: fmt.Sprintf("%d/%d/%d", a.Measure, a.Probe, a.Timestamp),
		Time:   time.Unix(a.Timestamp, 0).UTC(),
		Clock:  outage.Clock{Synced: a.Synced != nil && *a.Synced >= 0 && *a.Synced <= syncedWithin},
		Target: outage.Target{
			Host: strings.ToLower(text(or(a.Host, a.OldHost))), Address: text(or(a.Address, a.OldAddr)),
			Port: int(a.Port), Family: a.Family,
		},
	}
	if m.Target.Family == 0 {
		if pf, err := strconv.Atoi(a.OldFamily.String()); err == nil {
			m.Target.Family = pf
		}
	}
	if m.Target.Family == 0 {
		m.Target.Family = family(m.Target.Address)
	}
	if m.Target.Host == "" {
		m.Target.Host = m.Target.Address
	}
	a.place(a.From, &m.Vantage)
	a.base = m
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// result decodes the field result, whose shape depends on the type.
func (a *atlas) result(v any) error {
	if len(a.Result) == 0 {
		return errors.New("result is missing: there is nothing measured in this record")
	}
	if err := decode(a.Result, v); err != nil {
		return fmt.Errorf("in result: %w", err)
	}
	return nil
}

// millis is a duration of Atlas's with nonsense cut off: a probe gives up after
// minutes.
func millis(v float64) float64 { return min(max(v, 0), maxSeconds*1000) }
