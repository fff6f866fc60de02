package outage

import "fmt"

// Presence says whether an agent is heard of. Whether what it says can be believed
// is judged from its control targets, elsewhere.
type Presence string

// Presences.
const (
	AgentPresent Presence = "present"
	AgentAway    Presence = "away" // not heard of for some minutes
)

// Agent is a vantage point: the process there, with what its operator declared of
// the place. Ingest is its only writer; a later revision replaces an earlier one.
type Agent struct {
	ID        string `json:"id"` // derived from the public key
	Revision  int    `json:"revision"`
	PublicKey string `json:"public_key"` // ed25519, base64
	Version   string `json:"version,omitempty"`
	// Vantage is as declared at the registration; measurements that say otherwise
	// are refused.
	Vantage Vantage `json:"vantage"`
	// Observed is the network that its requests come from ("AS64500"), never an
	// address; empty where that is unknown, as on the hub's own machine.
	Observed   string   `json:"observed,omitempty"`
	Registered Minute   `json:"registered"`
	Seen       Minute   `json:"seen"` // last signed request
	Presence   Presence `json:"presence"`
	Clock      Clock    `json:"clock"` // as it said last
	// Sequence and Head are of the last measurement that the hub has of it.
	Sequence uint64 `json:"sequence"`
	Head     string `json:"head,omitempty"`
	// Revoked is the minute in which the hub's operator withdrew the agent, and
	// RevokedWhy the reason that was given; 0: it stands. Nothing of it is taken from
	// then on, and what it said before stays.
	Revoked    Minute `json:"revoked,omitempty"`
	RevokedWhy string `json:"revoked_why,omitempty"`
}

// Key identifies the revision.
func (a *Agent) Key() string { return fmt.Sprintf("%s/%d", a.ID, a.Revision) }

// Gap is a statement of an agent that measurements of its chain are lost: those
// from First up to the sequence of the record that holds the gap.
type Gap struct {
	First uint64 `json:"first"`
	// Head is the hash of the last lost one, which the next record names as its
	// previous; empty when nothing comes after it yet and nothing was before.
	Head   string    `json:"head,omitempty"`
	Reason GapReason `json:"reason"`
}

// GapReason says why measurements are lost.
type GapReason string

// Reasons of gaps.
const (
	GapSpoolFull GapReason = "spool_full" // the hub was away for longer than the spool has room
	GapDamaged   GapReason = "damaged"    // the agent's disk gave back something else
	GapRefused   GapReason = "refused"    // the hub does not take them
	GapForgotten GapReason = "forgotten"  // the hub had them and has lost them
)

// Networks of vantage points, by who uses them.
const (
	ClassEyeball    = "eyeball" // people at home
	ClassDatacenter = "datacenter"
	ClassMobile     = "mobile"
	ClassEducation  = "edu"
	ClassAnchor     = "anchor" // a well-known measuring point
)

// NetworkClasses lists the classes that can be declared.
func NetworkClasses() []string {
	return []string{ClassEyeball, ClassDatacenter, ClassMobile, ClassEducation, ClassAnchor}
}
