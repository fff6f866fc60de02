package stream

import "faultline/outage"

// The pipeline on one page. Each topic has one writer, named here; a follower
// of a topic appends to the ones below it.
//
//	topic       writer    followed by
//	services    catalog   project
//	reports     ingest    rollup, project (open minute)
//	points      rollup    detect, project
//	baselines   detect    project
//	detections  detect    incident
//	incidents   incident  publish, project
//	bulletins   publish   project
//	dead        anybody   nobody: what could not be decoded, for a person to read
var (
	Services   = Topic[outage.Service]{Name: "services"}
	Reports    = Topic[outage.Report]{Name: "reports"}
	Points     = Topic[outage.MinutePoints]{Name: "points"}
	Baselines  = Topic[outage.ServiceBaseline]{Name: "baselines"}
	Detections = Topic[outage.MinuteDetections]{Name: "detections"}
	Incidents  = Topic[outage.Incident]{Name: "incidents"}
	Bulletins  = Topic[outage.Bulletin]{Name: "bulletins"}
)

// Dead is the topic of records that could not be decoded.
const Dead = "dead"

// Raw says that the writer of a topic never offers a key twice, so that an engine
// need not remember its keys. Ingest has to know every reporter of the last half
// hour anyway; an index over the keys of raw reports would make an append five
// times dearer (docs/benchmarks.md).
func Raw(topic string) bool { return topic == Reports.Name }

// Names lists every topic in flow order.
func Names() []string {
	return []string{
		Services.Name, Reports.Name, Points.Name, Baselines.Name,
		Detections.Name, Incidents.Name, Bulletins.Name, Dead,
	}
}
