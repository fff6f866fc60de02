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
	Services   = Topic[outage.Service]{"services"}
	Reports    = Topic[outage.Report]{"reports"}
	Points     = Topic[outage.MinutePoints]{"points"}
	Baselines  = Topic[outage.ServiceBaseline]{"baselines"}
	Detections = Topic[outage.MinuteDetections]{"detections"}
	Incidents  = Topic[outage.Incident]{"incidents"}
	Bulletins  = Topic[outage.Bulletin]{"bulletins"}
)

// Dead is the topic of records that could not be decoded.
const Dead = "dead"

// Names lists every topic in flow order.
func Names() []string {
	return []string{
		Services.Name, Reports.Name, Points.Name, Baselines.Name,
		Detections.Name, Incidents.Name, Bulletins.Name, Dead,
	}
}
