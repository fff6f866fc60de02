// Package measured reads anybody's measurements from files and puts them into the order
// in which a hub would have heard them, so that the hub's parts can judge them.
//
// It reads JSON: measurements one a line, one after the other or in an array, and
// objects that hold such an array under "measurements", as the answers of the API and
// of "faultline check --json" do; plain or gzipped. It writes nothing.
//
// Method: a measurement stands in the minute in which its hub received it, or else in
// the minute in which it was made, by the corrected clock. One that came late stands in
// its own minute, for here all are known. What is there twice is taken once. An agent
// is a vantage point; looks by hand are told apart by their file, and records of a
// source that names no vantage point by country and network. A stretch of more than an
// hour without any record is one in which nobody looked: it has no minutes at all.
//
// Fields that are not known are passed over, as the API hands them on without asking.
//
// Limits: MaxBytes, MaxRecords and MaxMinutes, over all files together.
package measured
