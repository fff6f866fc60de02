package stream

import "faultline/outage"

// The pipeline on one page. Each topic has one writer, named here; a follower
// of a topic appends to the ones below it.
//
//	topic         writer    followed by
//	services      catalog   project
//	reports       ingest    rollup, project (open minute)
//	agents        ingest    project, intake (at its start)
//	measurements  ingest    rollup, diagnose, project, intake (at its start)
//	observations  ingest    diagnose
//	imports       ingest    project
//	words         vendor    project, vendor (at its start)
//	points        rollup    detect, diagnose, project
//	probestates   rollup    incident, diagnose, project
//	baselines     detect    project
//	detections    detect    incident
//	incidents     incident  diagnose, publish, project
//	verdicts      diagnose  publish, project
//	bulletins     publish   project
//	dead          anybody   nobody: what could not be decoded, for a person to read
//
// Words have no ticks, as services have none: no fold follows them, for the part
// that writes them runs only where the operator has asked for it. Nor have imports:
// what others measured, and when, is history that opens no incident now.
//
// Ingest writes what intake decides on agents and their measurements, so that one
// commit ends a minute on all of its topics. A measurement is kept as its
// agent sent it, with what the hub adds at the end: decoding it loses fields that
// this program does not know, and with them its hash.
var (
	Services     = Topic[outage.Service]{Name: "services"}
	Reports      = Topic[outage.Report]{Name: "reports"}
	Agents       = Topic[outage.Agent]{Name: "agents"}
	Measurements = Topic[outage.Measurement]{Name: "measurements"}
	Observations = Topic[outage.Observation]{Name: "observations"}
	Imports      = Topic[outage.Measurement]{Name: "imports"}
	Words        = Topic[outage.VendorWord]{Name: "words"}
	Points       = Topic[outage.MinutePoints]{Name: "points"}
	ProbeStates  = Topic[outage.ProbeState]{Name: "probestates"}
	Baselines    = Topic[outage.ServiceBaseline]{Name: "baselines"}
	Detections   = Topic[outage.MinuteDetections]{Name: "detections"}
	Incidents    = Topic[outage.Incident]{Name: "incidents"}
	Verdicts     = Topic[outage.Verdict]{Name: "verdicts"}
	Bulletins    = Topic[outage.Bulletin]{Name: "bulletins"}
)

// Dead is the topic of records that could not be decoded.
const Dead = "dead"

// Raw says that the writer of a topic never offers a key twice, so that an engine
// need not remember its keys. Ingest has to know every reporter of the last half
// hour anyway, and the chain of an agent says which measurements came before; an
// index over their keys would make an append five times dearer (docs/benchmarks.md).
func Raw(topic string) bool { return topic == Reports.Name || topic == Measurements.Name }

// Names lists every topic in flow order.
func Names() []string {
	return []string{
		Services.Name, Reports.Name, Agents.Name, Measurements.Name, Observations.Name, Imports.Name, Words.Name,
		Points.Name, ProbeStates.Name, Baselines.Name, Detections.Name, Incidents.Name, Verdicts.Name, Bulletins.Name, Dead,
	}
}
