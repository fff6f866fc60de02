// Package knowledge is what is known of causes of outages, as a versioned table of
// data: which signs there are and when a feature shows one, which hypotheses compete,
// how likely each is before anybody looks, and how far each sign speaks for or
// against it. Every number names where it comes from.
//
// It reads YAML - the tables inside the program or a directory of somebody's own -
// and writes nothing.
//
// Method: a table is a directory. table.yaml holds its version, the groups and the
// pairs that cannot be told apart from outside, sources.yaml what is cited, each file
// in signs some signs, and each file in hypotheses one hypothesis, named like it.
// Adding a hypothesis is adding its file; nothing else names it.
//
// Limits: bands are one of seven steps, for nobody knows a likelihood ratio of
// outages better than that.
package knowledge
