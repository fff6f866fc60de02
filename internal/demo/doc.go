// Package demo generates the demonstration world: six weeks of ordinary reports
// for twenty services, then 2025-03-10, the day X went out in three waves,
// rebuilt from the figures that were published (figures.csv).
//
// It reads nothing but its options, its tables and the clock it is given, and
// writes reports and minute points to whoever asks for them.
//
// Method: every minute of every service is drawn on its own from a seed, the
// service and the minute, so any stretch can be had in any order and always comes
// out the same. Background is a day and week shape per country in its own time
// zone, with a slow wander and counts whose variance is three times their mean.
// The outage is three shapes scaled so that the published 15-minute buckets and
// the day's total come out. docs/demo.md lists figures and assumptions.
//
// Limits: countries keep one time zone all year, category and network are drawn
// independently, and after the day the outage's tail fades to nothing within two
// hours. It is a reconstruction, not a recording.
package demo
