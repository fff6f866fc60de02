package outage

import (
	"fmt"
	"time"
)

// Outcome of one attempt.
type Outcome string

// Outcomes. Degraded is an answer that is no failure and no success either: a
// challenge, a queue, a page of maintenance.
const (
	OutcomeOK       Outcome = "ok"
	OutcomeDegraded Outcome = "degraded"
	OutcomeFail     Outcome = "fail"
	OutcomeSkipped  Outcome = "skipped" // not tried, with the reason in Failure
)

// Kind is what a record of somebody else's monitor stands for.
type Kind string

// Kinds of records. Empty is one attempt.
const (
	KindChange   Kind = "change"   // the state changed here, and holds until the next change
	KindSnapshot Kind = "snapshot" // the state as it was at a fixed hour: neither a beginning nor an end
)

// Depth is how far into a service somebody looked.
type Depth string

// Depths, the shallow first. What is only an edge can never be called healthy: a
// redirect is answered by a machine that knows nothing of the service behind it.
const (
	DepthNone    Depth = "none"
	DepthName    Depth = "name_only" // the name resolves
	DepthEdge    Depth = "edge_only" // something accepts connections, or redirects
	DepthPage    Depth = "page"      // a page of the service came, and was looked at
	DepthJourney Depth = "journey"   // steps that a person would take
)

// Role of a target.
type Role string

// Roles of targets.
const (
	RolePrimary Role = "primary"
	RoleSibling Role = "sibling"
	RoleControl Role = "control" // known to be healthy: it judges the agent
)

// BodyClass says what sort of page an answer was.
type BodyClass string

// Classes of bodies.
const (
	BodyOK          BodyClass = "ok"
	BodyErrorPage   BodyClass = "error_page"
	BodyChallenge   BodyClass = "challenge"
	BodyBlockPage   BodyClass = "block_page"
	BodyQueue       BodyClass = "queue"
	BodyMaintenance BodyClass = "maintenance"
	BodyEmpty       BodyClass = "empty"
)

// Span is when a phase began and ended, in milliseconds since the attempt began.
type Span struct {
	T0 float64 `json:"t0"`
	T  float64 `json:"t"`
}

// Duration of a span in milliseconds.
func (s Span) Duration() float64 { return s.T - s.T0 }

// Measurement is the result of one attempt at one address: its phases are inside,
// and a retry is another measurement. A failed probe is a measurement too. An
// agent sends it and ingest is its only writer.
type Measurement struct {
	Agent    string    `json:"agent"`            // id of the agent; "local" for a look by hand
	Sequence uint64    `json:"sequence"`         // of the agent, rising by one
	Attempt  int       `json:"attempt"`          // from 1; more: a retry of the one before
	Source   string    `json:"source,omitempty"` // of an import: ooni, atlas, blackbox, csv; empty: an agent of ours
	Origin   string    `json:"origin,omitempty"` // of an import: what the source calls this measurement
	Kind     Kind      `json:"kind,omitempty"`   // of an import: what one line of the source says; empty: one attempt
	Depth    Depth     `json:"depth,omitempty"`  // of an import without phases: how deep its source says it looked
	Time     time.Time `json:"time"`             // by the agent's clock
	Vantage  Vantage   `json:"vantage"`
	Clock    Clock     `json:"clock"`
	Target   Target    `json:"target"`
	DNS      *DNS      `json:"dns,omitempty"`
	TCP      *TCP      `json:"tcp,omitempty"`
	TLS      *TLS      `json:"tls,omitempty"`
	QUIC     *QUIC     `json:"quic,omitempty"`
	HTTP     *HTTP     `json:"http,omitempty"`
	Echo     *Echo     `json:"echo,omitempty"`
	Path     *Path     `json:"path,omitempty"`
	Journey  *Journey  `json:"journey,omitempty"`

	Outcome Outcome `json:"outcome"`
	// Layer, Operation and Failure are of the first thing that failed; empty when
	// nothing did.
	Layer     Layer     `json:"layer,omitempty"`
	Operation Operation `json:"operation,omitempty"`
	Failure   Failure   `json:"failure,omitempty"`
	Budget    Budget    `json:"budget"`

	// Gap says that this record stands for others that are lost.
	Gap *Gap `json:"gap,omitempty"`

	// Previous and Hash chain the measurements of an agent, Signature is the agent's
	// (ed25519, base64) over Hash; all empty for a look by hand and for imports.
	Previous  string `json:"previous,omitempty"`
	Hash      string `json:"hash,omitempty"`
	Signature string `json:"signature,omitempty"`

	// Received is the hub's minute of receipt, and Late says that the measurement was
	// then too old to take part in detection. The hub adds them; they are no part of
	// what is hashed.
	Received Minute `json:"received,omitempty"`
	Late     bool   `json:"late,omitempty"`
}

// Key identifies the measurement.
func (m *Measurement) Key() string { return fmt.Sprintf("%s/%d", m.Agent, m.Sequence) }

// Vantage is where the attempt was made from.
type Vantage struct {
	Country  string `json:"country,omitempty"`       // ISO 3166-1 alpha-2
	Network  string `json:"network,omitempty"`       // "AS64500"
	Class    string `json:"network_class,omitempty"` // eyeball, datacenter, mobile, edu, anchor
	Resolver string `json:"resolver,omitempty"`      // system, or the address that was asked
}

// Clock is how far the agent's clock is from the hub's.
type Clock struct {
	OffsetMS float64 `json:"offset_ms"` // hub less agent
	Synced   bool    `json:"synced"`    // false: never measured
}

// Target is what was looked at.
type Target struct {
	Service string `json:"service,omitempty"`
	Journey string `json:"journey,omitempty"`
	Step    string `json:"step,omitempty"`
	Variant string `json:"variant,omitempty"` // desktop, mobile
	URL     string `json:"url,omitempty"`
	Host    string `json:"host"`
	Address string `json:"address,omitempty"` // the one that this attempt went to
	Port    int    `json:"port,omitempty"`
	Family  int    `json:"family,omitempty"` // 4 or 6
	Role    Role   `json:"role,omitempty"`
}

// DNS is the look-up of the target's name.
type DNS struct {
	Span
	Resolver      string   `json:"resolver"`            // system, or the address that was asked
	Transport     string   `json:"transport,omitempty"` // udp, tcp
	Authoritative bool     `json:"authoritative"`       // the answer says so
	Authenticated bool     `json:"authenticated"`       // the resolver says that DNSSEC holds (AD)
	Rcode         string   `json:"rcode,omitempty"`     // NOERROR, NXDOMAIN, ...; empty: none came
	Answers       []Answer `json:"answers,omitempty"`
	Truncated     bool     `json:"truncated,omitempty"`  // more answers came than are kept
	Nameserver    string   `json:"nameserver,omitempty"` // name of the authoritative server that was asked
	Failure       Failure  `json:"failure,omitempty"`
}

// Answer is one record of a DNS answer.
type Answer struct {
	Type string `json:"type"` // A, AAAA, CNAME
	Data string `json:"data"`
	TTL  uint32 `json:"ttl"` // seconds
}

// TCP is the connection to one address.
type TCP struct {
	Span
	// Retransmits counts repeated SYNs, and Known says that the kernel told it.
	Retransmits int     `json:"syn_retransmits"`
	Known       bool    `json:"tcp_info"`
	RTTMS       float64 `json:"rtt_ms,omitempty"`
	RTTVarMS    float64 `json:"rtt_var_ms,omitempty"`
	Failure     Failure `json:"failure,omitempty"`
}

// TLS is the handshake. What was learned of the certificate is kept on failure.
type TLS struct {
	Span
	Version     string       `json:"version,omitempty"` // "TLS 1.3"
	Cipher      string       `json:"cipher,omitempty"`
	ALPN        string       `json:"alpn,omitempty"`
	Alert       int          `json:"alert,omitempty"` // that the server sent; 0: none
	Certificate *Certificate `json:"certificate,omitempty"`
	Failure     Failure      `json:"failure,omitempty"`
}

// Certificate is what a server showed first.
type Certificate struct {
	SHA256    string    `json:"sha256"`
	Subject   string    `json:"subject,omitempty"` // common name
	Issuer    string    `json:"issuer,omitempty"`  // common name, or organization
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Names     []string  `json:"names,omitempty"`
	NameMatch bool      `json:"name_match"`
	Chain     int       `json:"chain"` // certificates that were sent
}

// QUIC is the handshake of HTTP/3.
type QUIC struct {
	Span
	Version string  `json:"version,omitempty"`
	Failure Failure `json:"failure,omitempty"`
}

// HTTP is one request and its answer.
type HTTP struct {
	Span
	FirstByte  float64   `json:"ttfb_ms,omitempty"` // from the request's beginning
	Method     string    `json:"method"`
	Proto      string    `json:"proto,omitempty"` // "HTTP/2.0"
	Status     int       `json:"status,omitempty"`
	Hop        int       `json:"hop"` // redirects before this one
	Location   string    `json:"location,omitempty"`
	Server     string    `json:"server,omitempty"`
	Edge       string    `json:"edge,omitempty"` // id of the edge that answered
	Provider   string    `json:"provider,omitempty"`
	Cache      string    `json:"cache,omitempty"`
	RetryAfter string    `json:"retry_after,omitempty"`
	BodyBytes  int64     `json:"body_bytes,omitempty"`
	BodySHA256 string    `json:"body_sha256,omitempty"`
	BodyClass  BodyClass `json:"body_class,omitempty"`
	Title      string    `json:"title,omitempty"`
	Failure    Failure   `json:"failure,omitempty"`
}

// Echo is an ICMP echo.
type Echo struct {
	Span
	Sent     int       `json:"sent"`
	Received int       `json:"received"`
	RTTMS    []float64 `json:"rtt_ms,omitempty"`
	Failure  Failure   `json:"failure,omitempty"`
}

// Path is a walk along the hops to an address.
type Path struct {
	Span
	Protocol string `json:"protocol"` // udp, tcp
	Hops     []Hop  `json:"hops"`
	Reached  bool   `json:"reached"`
}

// Hop is one router on the way; an empty address is one that did not answer.
type Hop struct {
	TTL     int     `json:"ttl"`
	Address string  `json:"address,omitempty"`
	RTTMS   float64 `json:"rtt_ms,omitempty"`
}

// Journey is what a step of a journey expected of the answer.
type Journey struct {
	Order   int      `json:"order"`            // of the step, from 1
	Passed  []string `json:"passed,omitempty"` // assertions
	Failed  []string `json:"failed,omitempty"`
	Failure Failure  `json:"failure,omitempty"`
}

// Budget is what the attempt was allowed.
type Budget struct {
	TimeoutMS int   `json:"timeout_ms"` // for each phase
	Bytes     int64 `json:"bytes"`      // of a body
}
