package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxProblems bounds how many mistakes one answer names. When it is reached the
// person who edits the file sees how many more there are, and the rest after
// mending these.
const MaxProblems = 50

// Problem is one mistake in a catalog file.
type Problem struct {
	File string
	Line int    // from 1; 0: the file as a whole
	Text string // the offending value and the remedy
}

// String is "file:line: text".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems is the error of a load: every mistake that was found, by file and line.
type Problems []Problem

// Error lists the mistakes, one a line.
func (p Problems) Error() string {
	var b strings.Builder
	for i, one := range p {
		if i == MaxProblems {
			fmt.Fprintf(&b, "\nand %d more", len(p)-MaxProblems)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.String())
	}
	return b.String()
}

// err orders the list by file, in the order of loading, and line; nil when empty.
func (p Problems) err(files []string) error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line))
	})
	return p
}
