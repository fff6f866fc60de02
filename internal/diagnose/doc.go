// Package diagnose says what each incident is consistent with, while it lasts.
//
// It reads the topics measurements, points, probestates, observations and incidents
// and writes the topic verdicts.
//
// Method: what agents tried is remembered for two hours of every service (package
// attempts), for an incident may be known only minutes after it began; what stands
// beside a service is followed by package siblings. At the end of every minute the
// features of each open incident are taken (package feature) and judged by the
// knowledge table (package reason). A verdict is revised when what it says changes, or,
// while only evidence moves, at most every RunningEvery minutes. The last word comes
// when the incident is resolved or dismissed; after that only a measurement that an
// observer publishes later changes it, judged with the features as they were.
//
// A verdict never changes an incident, and a claim never enters here.
//
// Limits: minutes in which nobody listened say nothing; after the first half hour an
// incident is judged every fifth minute; a closed incident is open to observers for
// KeepClosed minutes; an observer's word on a service is kept for as long.
package diagnose
