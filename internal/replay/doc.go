// Package replay reads recorded reports and gives them back minute by minute, in
// the order of time, as reports that the parts can take; or posts them to an
// instance with a simulated clock.
//
// It reads files of two formats, plain or gzipped, and writes nothing but the
// requests of Post.
//
// Presses, one JSON object a line:
//
//	{"time":"2025-03-10T09:30:12Z","service":"x","category":"app","country":"US","network":"AS7922","reporter":"k1"}
//
// With a reporter a line is one person, who counts once per service in 30
// minutes; repeats are absorbed and counted. Without one it is a count of weight
// distinct reporters (1 when absent). A stored report (outage.Report) is such a
// line too.
//
// Counts, as CSV whose header names the columns in any order:
//
//	time,service,count,country,category,network
//
// Time, service and count are needed. A row is the number of distinct reporters
// in the bucket that starts at its time. The bucket's length is the smallest
// distance between two times of its service in the file, or Options.Step; its
// count is spread over its minutes evenly, always in the same way. Two rows of one
// cell (service, country, category and network) and time are an error, in one file
// or in two.
//
// Post sends to POST /api/v1/replay, with the token as "Authorization: Bearer":
// lines of JSON, either {"clock":"2025-03-10T09:30Z"}, which moves the world to
// that minute, or {"service","category","country","network","reporter","weight"},
// a report in the minute where the clock stands. The answer is
// {"reports":n}, or a problem+json.
//
// Method: a file is read twice, first to learn its format and the lengths of its
// buckets (and to find mistakes before anything is taken in), then to be merged
// with the others. Standard input is copied to a temporary file for that.
//
// Limits: lines of maxLine bytes; rows may be up to Horizon out of order; buckets
// of a minute to a day.
package replay
