// Package inject judges onsets, ends and waves: outages whose truth is known are
// added to recorded series of counts, and a rule is asked what it sees.
//
// It reads recordings (a CSV of time and count, or the counts of tweets of the
// Numenta benchmark) and returns results; it prints nothing and knows no part. The
// rule is given: the whole line of parts, or one series' detector.
//
// Method: a recording is thinned binomially to the rates of reports and cut into
// stretches; after two weeks of learning one outage a day is added where the
// recording itself, by a rule that has nothing to do with the detector, has no rise
// of its own. Every draw has a fixed seed. docs/methodology.md, section 12, has the
// definitions of what counts as the truth.
//
// Limits: the added reports are a shape with Poisson noise and 10 % of a crowd's own
// unsteadiness, no recording of an outage. What a rule finds beside the added
// outages is counted and not judged: recordings have rises of their own.
package inject
