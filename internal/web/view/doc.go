// Package view builds what the pages show from what the store answered.
//
// It reads rows, buckets, shares and incidents and writes plain structures that
// a template prints without thinking. Everything here is a pure function: no
// store, no clock, no request. Its words are those of package words; what probes saw is
// built by package probed, verdicts by package verdict. Its limits are that it judges
// nothing (status, reason and severity come from the facts) and knows one language.
package view
