package outage

// ProbeState is what probes say of a service from a minute on, until the next one
// of that service. Rollup is its only writer; it speaks when a word changes, and
// once a day, never because a number runs. The words are those of package judge.
type ProbeState struct {
	Service string `json:"service"`
	Minute  Minute `json:"minute"`
	// State is of all vantage points that count together: unknown, name_resolves,
	// edge_answers, healthy, partly_failing, failing or possibly_blocked. Since is
	// the minute from which on that is so.
	State string `json:"state"`
	Since Minute `json:"since"`
	// Depth is how far into the service probes have looked within a day, and Score
	// the same as a number from 0 to 10.
	Depth Depth `json:"depth"`
	Score int   `json:"score"`
	// Looking counts the agents that can be believed, Failing those of them that
	// fail, Networks the different networks of those. Quorum says that they are
	// enough to confirm an incident without the crowd.
	Looking  int    `json:"looking"`
	Failing  int    `json:"failing"`
	Networks int    `json:"networks"`
	Quorum   bool   `json:"quorum"`
	Why      string `json:"why"` // the count in a sentence
	// Layer and Failure are of what most agents that fail met first.
	Layer   Layer   `json:"layer,omitempty"`
	Failure Failure `json:"failure,omitempty"`
	// Vantages are ordered by agent. None: nobody has looked for too long.
	Vantages []VantageState `json:"vantages"`
	// Stands is what its answers were seen to come from, sorted: "net:192.0.2.0/24",
	// "provider:cloudflare", "nameservers:example.net". Who stands on the same ground
	// may fall with it.
	Stands []string `json:"stands,omitempty"`
}

// Key identifies the record: a service has at most one in a minute.
func (s *ProbeState) Key() string { return s.Service + "/" + s.Minute.String() }

// VantageState is what one agent says of a service.
type VantageState struct {
	Agent   string  `json:"agent"`
	Vantage Vantage `json:"vantage"`
	// Health of the agent by its controls: unknown, healthy, impaired or offline,
	// with the reason at that minute. Only a healthy one's failures count.
	Health    string `json:"health"`
	HealthWhy string `json:"health_why"`
	State     string `json:"state"` // a word of ProbeState.State
	Since     Minute `json:"since"`
	// Layer and Failure are of what failed first; empty while nothing does.
	Layer   Layer   `json:"layer,omitempty"`
	Failure Failure `json:"failure,omitempty"`
	// Refused says that its attempts fail in a way that may be meant for the monitor
	// alone, so that they count only while people report problems too. Blocked is
	// the sentence once that has lasted for long enough to be decided.
	Refused bool   `json:"refused,omitempty"`
	Blocked string `json:"blocked,omitempty"`
	// Layers are those that were tried, in the order in which a request passes them.
	Layers []LayerState `json:"layers,omitempty"`
}

// Words for one layer as seen from one vantage point.
const (
	LayerFine    = "ok"
	LayerSlow    = "slow"   // against its own past
	LayerPartly  = "partly" // some attempts fail there
	LayerFailing = "failing"
)

// LayerState is one layer of a service as one agent sees it.
type LayerState struct {
	Layer   Layer   `json:"layer"`
	State   string  `json:"state"` // ok, slow, partly or failing
	Since   Minute  `json:"since"`
	Failure Failure `json:"failure,omitempty"`
}

// Probes is what measurements bring to an incident, over its whole life so far.
type Probes struct {
	// Agreement is what crowd and probes say of each other: both, crowd_only,
	// probes_only, neither or unprobed.
	Agreement string `json:"agreement"`
	// Looking, Failing and Networks are as in ProbeState, of the minute in which most
	// agents failed; Quorum says that they were enough by themselves at some time.
	Looking  int  `json:"looking"`
	Failing  int  `json:"failing"`
	Networks int  `json:"networks"`
	Quorum   bool `json:"quorum"`
	// Layer and Failure are of what failed first; empty while no agent that counts
	// has failed.
	Layer   Layer   `json:"layer,omitempty"`
	Failure Failure `json:"failure,omitempty"`
	Depth   Depth   `json:"depth"` // how deep they look: an edge that answers says little
	// Note is what a reader must know of these numbers, such as that one vantage
	// point alone proves nothing.
	Note string `json:"note,omitempty"`
}
