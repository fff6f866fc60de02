// Package casefile reads what is known of one incident from a file - features with
// their values and sources - and checks a verdict on it against what a careful reader
// would accept. The calibration cases in testdata/cases are such files, and so are
// anybody's own.
//
// It reads YAML or JSON and writes nothing.
package casefile
