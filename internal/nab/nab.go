// Package nab holds the scoring of the Numenta Anomaly Benchmark, built from its
// published definition, so that the detector is measured with a rule that is not ours.
//
// It reads the benchmark's files (series, label windows, profiles) from an archive
// or a folder, and the anomaly scores that a detector gave their rows; it writes
// nothing.
//
// Method: Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms -
// the Numenta Anomaly Benchmark" (arXiv:1510.03336), and the benchmark's white paper.
// The first rows of a file are not scored. The earliest alarm in a label window earns
// the more, the earlier it is; each alarm outside costs, less just after a window; a
// window without an alarm costs. One threshold for each profile is chosen over the
// whole corpus, and the result is scaled so that silence is 0 and perfection 100.
//
// Limits: scores are compared as they are, so a detector should give distinct scores
// where it wants distinct thresholds; a corpus has at most maxRows rows.
package nab

import (
	"fmt"
	"slices"
	"time"
)

// File is one labelled series.
type File struct {
	Name    string // folder/name.csv
	Folder  string
	Times   []time.Time // as the file has them: they may repeat and go back
	Values  []float64
	Windows []Window
}

// Window is a stretch of rows with an anomaly, both ends included.
type Window struct{ First, Last int }

// Profile weighs what a detector gets right and wrong.
type Profile struct {
	Name                string
	Hit, Miss, FalseRow float64 // weights of a window found, a window missed, a row outside
}

// Corpus is the whole benchmark.
type Corpus struct {
	Files    []File // in the order of their names
	Profiles []Profile
}

// Probation is the number of rows at the start of a file of n rows that are not
// scored: 15 % of them, but at most 15 % of 5,000.
func Probation(n int) int {
	const share, most = 0.15, 5000
	return int(min(share*float64(n), share*most))
}

// stepRows is how many rows the step of a file is inferred from; a detector that
// runs live would be told it.
const stepRows = 100

// Buckets places the rows of a file on a grid: the step is the most common distance
// of the first rows (the shorter of two), a row's bucket is its time over the step,
// and a row whose bucket is taken goes into the next free one.
func (f *File) Buckets() (time.Duration, []int64, error) {
	count := map[time.Duration]int{}
	var gaps []time.Duration
	for i := 1; i < min(len(f.Times), stepRows); i++ {
		if d := f.Times[i].Sub(f.Times[i-1]); d > 0 {
			if count[d]++; count[d] == 1 {
				gaps = append(gaps, d)
			}
		}
	}
	if len(gaps) == 0 {
		return 0, nil, fmt.Errorf("place the rows of %s: its first rows have no distance to take a step from", f.Name)
	}
	slices.Sort(gaps)
	step := gaps[0]
	for _, d := range gaps {
		if count[d] > count[step] {
			step = d
		}
	}
	at := make([]int64, len(f.Times))
	for i, t := range f.Times {
		at[i] = t.Unix() / int64(step/time.Second)
		if i > 0 {
			at[i] = max(at[i], at[i-1]+1)
		}
	}
	return step, at, nil
}

// windows is the number of label windows of the chosen files.
func (c *Corpus) windows(chosen func(*File) bool) int {
	n := 0
	for i := range c.Files {
		if chosen(&c.Files[i]) {
			n += len(c.Files[i].Windows)
		}
	}
	return n
}

// All chooses every file.
func All(*File) bool { return true }

// Folder chooses the files of one folder.
func Folder(name string) func(*File) bool {
	return func(f *File) bool { return f.Folder == name }
}

// Folders are the names of the folders, in order.
func (c *Corpus) Folders() []string {
	var names []string
	for i := range c.Files {
		if f := c.Files[i].Folder; !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	return names
}

// Tuning chooses the half of the corpus that tuned constants may look at: in each
// folder every other file in the order of their names, beginning with the first.
func (c *Corpus) Tuning() func(*File) bool {
	half, seen := map[string]bool{}, map[string]int{}
	for i := range c.Files {
		f := &c.Files[i]
		half[f.Name] = seen[f.Folder]%2 == 0
		seen[f.Folder]++
	}
	return func(f *File) bool { return half[f.Name] }
}
