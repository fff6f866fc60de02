package agentapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"faultline/internal/probe"
	"faultline/outage"
)

// Plan is what an agent shall probe: the body of GET /api/v1/plan.
type Plan struct {
	Version string `json:"version"` // hash of the rest
	// Contact is where the people who run what is probed find those who probe; it is
	// sent with every request. Without one nothing is probed.
	Contact string `json:"contact"`
	Refresh int    `json:"refresh_s"` // seconds until the plan should be asked for again
	// OptOut are hosts that must not be probed, whoever asks: names and, with a
	// leading dot, all names below.
	OptOut []string `json:"opt_out,omitempty"`
	// Lab asks for the limits of a laboratory. Only agents that were started for one
	// take such a plan, and they go to no public address: see [LabMinPeriod].
	Lab     bool     `json:"lab,omitempty"`
	Targets []Target `json:"targets"`
}

// Target is one thing to probe again and again.
type Target struct {
	ID       string   `json:"id"` // tells targets apart, over all versions of a plan
	Service  string   `json:"service,omitempty"`
	URL      string   `json:"url"`
	Role     string   `json:"role,omitempty"`
	PeriodMS int64    `json:"period_ms"`
	Retries  int      `json:"retries,omitempty"`   // further attempts after one that failed
	Resolver []string `json:"resolvers,omitempty"` // asked beside the agent's own
	// Also are further looks at each address, or at the name: see AlsoWords.
	Also []string `json:"also,omitempty"`
	// Journey is taken instead of a look, in one variant.
	Journey *probe.Journey `json:"journey,omitempty"`
	Variant string         `json:"variant,omitempty"`
	// PerMinute is how many attempts the agent may make at the service in a minute,
	// all of its targets, addresses, retries and redirects together.
	PerMinute int `json:"per_minute"`
}

// Limits of a plan. A hub that asks for more is refused by its agents: they stay
// polite whoever makes the plan.
const (
	MaxTargets   = 20_000
	MinPeriod    = 10 * time.Second
	MaxPeriod    = 24 * time.Hour
	MaxRetries   = 3
	MaxPerMinute = 240
	MinRefresh   = 5
	maxContact   = 200
	maxResolvers = 8
)

// Limits within a laboratory, where everything that is probed belongs to whoever
// probes it and has addresses that are not public: a fault of three minutes is over
// before the polite period has passed often enough to be seen.
const (
	LabMinPeriod    = time.Second
	LabMaxPerMinute = 1200
)

// limits of periods and of attempts a minute.
func (p *Plan) limits() (time.Duration, int) {
	if p.Lab {
		return LabMinPeriod, LabMaxPerMinute
	}
	return MinPeriod, MaxPerMinute
}

// Period of the target.
func (t *Target) Period() time.Duration { return time.Duration(t.PeriodMS) * time.Millisecond }

// Seal completes a plan: it gives targets their ids and the plan its version.
func (p *Plan) Seal() {
	all := sha256.New()
	for i := range p.Targets {
		t := &p.Targets[i]
		name := t.Service + "\x00" + t.URL + "\x00" + t.Role
		if t.Journey != nil {
			name += "\x00" + t.Journey.Name + "\x00" + t.Variant
		}
		sum := sha256.Sum256([]byte(name))
		t.ID = hex.EncodeToString(sum[:8])
	}
	p.Version = ""
	// Plain fields, which JSON can always say; if not, every plan is a new one.
	_ = json.NewEncoder(all).Encode(p)
	p.Version = hex.EncodeToString(all.Sum(nil)[:8])
}

// Words for what may be looked at beside each address.
const (
	AlsoQUIC          = "quic"          // HTTP/3 at each address
	AlsoEcho          = "echo"          // ICMP at each address
	AlsoTrace         = "trace"         // the way to the first address, hop by hop
	AlsoAuthoritative = "authoritative" // the servers of the name's own zone
)

// AlsoWords lists them.
func AlsoWords() []string { return []string{AlsoQUIC, AlsoEcho, AlsoTrace, AlsoAuthoritative} }

// ValidateContact checks that a contact is one: a page, or an address for mail.
func ValidateContact(contact string) error {
	for _, prefix := range []string{"https://", "http://", "mailto:"} {
		if rest, ok := strings.CutPrefix(contact, prefix); ok && len(rest) > 2 && len(contact) <= maxContact && !strings.ContainsFunc(contact, forbidden) {
			return nil
		}
	}
	return fmt.Errorf("contact %.60q: write a page such as https://status.example/probing or an address such as mailto:ops@example.org, where the people whose servers are probed find you", contact)
}

// forbidden in a header.
func forbidden(r rune) bool { return r <= ' ' || r > '~' }

// Validate says what an agent would not do.
func (p *Plan) Validate() error {
	if len(p.Targets) == 0 {
		return nil
	}
	if err := ValidateContact(p.Contact); err != nil {
		return err
	}
	if len(p.Targets) > MaxTargets {
		return fmt.Errorf("a plan of %d targets: at most %d", len(p.Targets), MaxTargets)
	}
	ids := map[string]bool{}
	least, most := p.limits()
	for i := range p.Targets {
		t := &p.Targets[i]
		if err := t.validate(least, most); err != nil {
			return fmt.Errorf("target %d, %.100q: %w", i+1, t.URL, err)
		}
		if t.ID == "" || ids[t.ID] {
			return fmt.Errorf("target %d, %.100q: it has no id of its own: name each URL of a service once", i+1, t.URL)
		}
		ids[t.ID] = true
	}
	return nil
}

// validate takes the shortest period and the most attempts a minute.
func (t *Target) validate(least time.Duration, most int) error {
	if t.Journey != nil {
		if err := t.Journey.Validate(); err != nil {
			return err
		}
	}
	if _, err := t.Parse(); err != nil {
		return err
	}
	switch p := t.Period(); {
	case p < least || p > MaxPeriod:
		return fmt.Errorf("period %s: between %s and %s", p, least, MaxPeriod)
	case t.Retries < 0 || t.Retries > MaxRetries:
		return fmt.Errorf("%d retries: at most %d", t.Retries, MaxRetries)
	case t.PerMinute < 1 || t.PerMinute > most:
		return fmt.Errorf("%d attempts a minute: between 1 and %d", t.PerMinute, most)
	case len(t.Resolver) > maxResolvers:
		return fmt.Errorf("%d resolvers: at most %d", len(t.Resolver), maxResolvers)
	case t.Role != "" && t.Role != string(outage.RolePrimary) && t.Role != string(outage.RoleSibling) && t.Role != string(outage.RoleControl):
		return fmt.Errorf("role %.40q is none", t.Role)
	case slices.ContainsFunc(t.Also, func(w string) bool { return !slices.Contains(AlsoWords(), w) }) || len(t.Also) > len(AlsoWords()):
		return fmt.Errorf("also %.80q: use %s", t.Also, strings.Join(AlsoWords(), ", "))
	case t.Journey != nil && t.Variant != probe.VariantDesktop && t.Variant != probe.VariantMobile:
		return fmt.Errorf("variant %.40q is none", t.Variant)
	case t.Journey != nil && t.PerMinute < t.Attempts():
		return fmt.Errorf("journey %q may take %d requests, and %d attempts a minute are allowed: raise per-minute", t.Journey.Name, t.Attempts(), t.PerMinute)
	case t.Service == "" && t.Role != string(outage.RoleControl):
		return errors.New("it belongs to no service: only controls may")
	}
	return nil
}

// Attempts are what a journey may cost: each step, and a redirect.
func (t *Target) Attempts() int { return 2 * len(t.Journey.Steps) }

// Parse gives the target as measurements name it.
func (t *Target) Parse() (outage.Target, error) {
	out, err := probe.ParseTarget(t.URL)
	if err != nil {
		return out, err
	}
	out.Service, out.Role = t.Service, outage.Role(t.Role)
	return out, nil
}

// OptedOut says whether a host must not be probed.
func OptedOut(list []string, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(list, func(entry string) bool {
		entry = strings.ToLower(strings.TrimSuffix(entry, "."))
		if strings.HasPrefix(entry, ".") {
			return strings.HasSuffix(host, entry) || host == entry[1:]
		}
		return host == entry
	})
}
