// Package judge draws conclusions from measurements: how deep a service is looked
// at, whether an agent can be believed, whether failures prove anything, what one
// vantage point alone allows to say, and what the crowd and the probes say of each
// other.
//
// It reads measurements and counts that it is given and writes nothing. Every
// function is pure: time is in the data, and the same input gives the same answer.
//
// Method: an agent measures and never judges; here each rule is one function with
// its limits as constants or in a Config, and each answer comes with the sentence
// that says why.
//
// Limits: no rule here names a cause. A single vantage point never confirms
// anything, however long it fails: it may be blocked, or its own network broken.
package judge
