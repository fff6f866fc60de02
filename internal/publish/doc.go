// Package publish puts incidents into words: the only thing said in public.
//
// It reads the topics incidents and verdicts and writes the topic bulletins.
//
// Method: every revision of an incident is put into a status, a headline and one
// sentence of reasons, by fixed templates (words.go). It is said only when status,
// headline or what the verdict comes to (how far the evidence goes, and what leads)
// differ from what was last said of the service, so the topic stays small and nobody
// is told the same thing twice. A verdict is quoted as it is, beside the reason: it
// changes neither status nor headline. A sentence names its numbers
// with their scope: which minute or since when, and where. It says what people
// report, what probes see beside that, and what both are consistent with, never why
// it happened or who did it. An incident that people alone have seen says so wherever
// probes look (probes.go).
//
// Limits: countries with fewer than smallCell reports are not named. A sentence
// is as old as its bulletin; the numbers of this minute stand on the page beside
// it.
package publish
