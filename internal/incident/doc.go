// Package incident turns detections into incidents with a life: suspected,
// confirmed, recovering, resolved or dismissed, with waves inside.
//
// It reads the topics detections and probestates and writes the topic incidents.
//
// Method: one state machine per service, woken by the first detection of any of
// its series. All cells of a service join one incident; two services stay two
// incidents and are linked when they are of one family (beside.go). Waves follow the excess
// of the service's reports over what was expected, by a hysteresis whose every
// step also has to pass a count test (waves.go, change.go). Severity is a printed
// rule (severity.go).
//
//   - suspected: the first minute in alarm. Its minute and service are the id.
//   - confirmed: a second window that shares no minute with the first is
//     significant too, and at least MinReporters people in MinNetworks networks
//     have reported since the onset. Recorded counts name no networks; for them
//     that half of the rule is waived.
//   - recovering: the wave is over. A new wave leads back to confirmed.
//   - resolved: ResolveAfter minutes without an alarm in a row. An alarm within
//     ReopenWithin opens a trial: the incident is suspected again, and either the
//     wave is confirmed (the incident has been reopened) or the trial is dropped
//     and the incident is resolved as before.
//   - dismissed: suspected, and DismissAfter minutes without an alarm.
//
// A detection of many places together counts like one of a single series: its places
// are affected countries or categories, and it may confirm by its own second look. So
// does one of several signals together.
//
// Measurements open an incident when a quorum of agents in different networks fails,
// or when the series of all attempts is outside its baseline while an agent that
// counts has trouble. Agents that see only some attempts fail count where many of them
// have turned at the same time (turn.go). On measurements alone it is confirmed when the quorum still
// holds SecondLook minutes later, and never with less. Refusals that may be meant for
// monitors count only while people report problems too. Where people report nothing,
// a wave lasts as long as probes fail; where they do, it follows the reports and does
// not end while a quorum fails. What probes have seen stays with the incident, at its
// worst, with what crowd and probes say of each other. Latency makes no incident.
//
// What stands beside a service crosses services, and is asked once a minute for all of
// them (package siblings). Where services of three owners that stand on one provider
// fail in the same manner while others do not, the provider gets one incident, which
// they confirm as a quorum of its own probes would; each of them keeps its own, linked.
// Where the catalog has no service for what they share they are linked with each other.
// Reports of a service while something much larger is out are labelled collateral: a
// hint, from the ratio of the counts, from who owns and carries whom, and from what
// probes see.
//
// Minutes in which nobody listened are neither normal nor abnormal: every timer
// stands still.
//
// What it says: a revision at once when the state, a wave, the set of countries
// or categories, a factor of the severity or a link changes; while only numbers
// run, at most one revision every RunningEvery minutes.
//
// Limits: where only single countries or categories are outside their baseline
// the service's own count is not known, and the sum over these cells stands for
// it. A service without an incident costs nothing; one with an incident keeps
// keptMinutes of counts.
package incident
