package store

import (
	"context"
	"strings"
	"time"

	"faultline/outage"
)

// Measurement is one measurement on its way into the store.
type Measurement struct {
	// Seq is its position in the log: the same position is the same measurement.
	Seq uint64
	// Fact is what it says, and Data the record as it may be shown to anybody.
	Fact outage.Measurement
	Data []byte
}

// importedPrefix begins what stands in place of an agent's id for measurements of
// others; ids of agents have no colon.
const importedPrefix = "import:"

// ImportedAgent names a vantage point of somebody else by its source, with what the
// source calls it.
func ImportedAgent(source, agent string) string {
	agent = strings.TrimPrefix(agent, importedPrefix)
	if agent == source {
		agent = ""
	}
	if agent = strings.TrimPrefix(agent, source+"/"); agent != "" {
		agent = "/" + agent
	}
	return importedPrefix + source + agent
}

// ImportedFrom is the source of a vantage point of somebody else; ok is false for an
// agent of ours.
func ImportedFrom(agent string) (source string, ok bool) {
	rest, ok := strings.CutPrefix(agent, importedPrefix)
	source, _, _ = strings.Cut(rest, "/")
	return source, ok
}

// Import sums what is kept of one source for a service.
type Import struct {
	Source      string
	Count       int
	First, Last outage.Minute // in which the first and the last were made
}

// Mark is the place of a measurement in the order of lists: by the minute in which
// it was made, then by its position in the log. The zero value is before all.
type Mark struct {
	Minute outage.Minute
	Seq    uint64
}

// MeasurementQuery asks for measurements, oldest first. At least one of Service and
// Agent is set.
type MeasurementQuery struct {
	Service, Agent string
	From, To       outage.Minute // of the minute in which it was made: From inclusive, To exclusive
	After          Mark          // the last one of the page before
	Limit          int           // at least 1
}

// Kept is a measurement as it was saved.
type Kept struct {
	Mark
	Data []byte // its JSON
}

// SlotWidth is the width of the spans that looks are added up in.
const SlotWidth outage.Minute = 5

// Look is what one agent saw of one layer of a service within a slot. An attempt
// that failed at a layer has tried it and those before it, and none behind it.
type Look struct {
	Slot    outage.Minute // its first minute
	Agent   string
	Layer   outage.Layer
	Tried   int
	Failed  int
	Failure outage.Failure // the last one; empty when none failed
}

// ProbedQuery asks for a line of what was measured. An empty country, network or
// family is not restricted.
type ProbedQuery struct {
	Service  string
	Signal   string       // outage.SignalProbeErrors or outage.SignalLatency
	Layer    outage.Layer // empty: whole attempts
	Country  string
	Network  string
	Family   int
	From, To outage.Minute // From inclusive, To exclusive
	Step     outage.Minute // width of a bucket, at least 1; buckets start at From
}

// Probed is one step of such a line. Missing is the number of its closed minutes in
// which nobody listened; with Trials (of latency: Count) 0 nobody looked.
type Probed struct {
	Start   outage.Minute
	Count   int     // attempts that failed; of latency: values
	Trials  int     // attempts; of latency: none
	Sum     float64 // of latency: natural logarithms of milliseconds
	Missing int
}

// Heard is an agent with the last minute in which a measurement of it came. Its clock
// and sequence are of its last measurement, for an agent is said again every few
// minutes only.
type Heard struct {
	outage.Agent
	Measured outage.Minute // 0: none is kept
	Made     outage.Minute // in which the last of them was made
}

// Measures answers for what agents measured. The small-cell rule has no part here:
// a vantage point is no reporter, and its network is public by declaration.
type Measures interface {
	// Agents are all that were ever registered, by id; the latest revision of each.
	Agents(ctx context.Context) ([]Heard, error)
	Measurements(ctx context.Context, q MeasurementQuery) ([]Kept, error)
	// Looks are ordered by slot, agent and layer.
	Looks(ctx context.Context, service string, from, to outage.Minute) ([]Look, error)
	// Imports sums the measurements of others of a service, by source.
	Imports(ctx context.Context, service string) ([]Import, error)
	Probed(ctx context.Context, q ProbedQuery) ([]Probed, error)
}

// Sayings answers for what was said of services beside the crowd.
type Sayings interface {
	// Standing is the latest state of every service that was ever probed, by service.
	Standing(ctx context.Context) ([]outage.ProbeState, error)
	// States are those of one service, oldest first: the one that stood at a minute,
	// and all later ones.
	States(ctx context.Context, service string, from outage.Minute) ([]outage.ProbeState, error)
	// Words are what the service's vendor has said, oldest first: the word that stood
	// at a minute, and all later ones. None: nobody reads its page.
	Words(ctx context.Context, service string, from outage.Minute) ([]outage.VendorWord, error)
}

// MadeAt is the minute in which a measurement was made, by the hub's clock as far as
// the agent knows it, and never after its receipt.
func MadeAt(m *outage.Measurement) outage.Minute {
	at := m.Time
	if m.Clock.Synced {
		at = at.Add(time.Duration(m.Clock.OffsetMS * float64(time.Millisecond)))
	}
	made := outage.MinuteOf(at)
	if m.Received != 0 {
		made = min(made, m.Received)
	}
	return max(made, 0)
}

// Reached lists the layers that an attempt at a service has tried, in the order of
// a request; when it failed, it did so at the last of them. None were tried by what
// is no attempt at a service: a control, a lost or skipped record, a failure of the
// agent's own. A source that names no layer has tried the layer "".
func Reached(m *outage.Measurement) (tried []outage.Layer, failed bool) {
	if m.Target.Service == "" || m.Target.Role == outage.RoleControl || m.Gap != nil ||
		m.Outcome == outage.OutcomeSkipped || m.Layer == outage.LayerMonitor {
		return nil, false
	}
	failed = m.Outcome == outage.OutcomeFail || m.Outcome == outage.OutcomeDegraded && m.Failure != outage.FailureSlow
	for _, l := range []struct {
		layer outage.Layer
		tried bool
	}{
		{outage.LayerDNS, m.DNS != nil}, {outage.LayerRoute, m.Echo != nil || m.Path != nil},
		{outage.LayerTCP, m.TCP != nil}, {outage.LayerTLS, m.TLS != nil}, {outage.LayerQUIC, m.QUIC != nil},
		{outage.LayerHTTP, m.HTTP != nil}, {outage.LayerApp, m.Journey != nil},
	} {
		if failed && l.layer == m.Layer {
			break // what comes behind it was not reached
		}
		if l.tried {
			tried = append(tried, l.layer)
		}
	}
	if failed || len(tried) == 0 {
		tried = append(tried, m.Layer)
	}
	return tried, failed
}
