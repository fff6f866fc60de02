package assess

import (
	"testing"

	"faultline/outage"
)

// Looks become words: f fails, p partly, . is fine; the word after each look.
func TestRow(t *testing.T) {
	for _, c := range []struct{ looks, words string }{
		{"..ff..", "...ff."},
		{".pff", "..pf"}, // it stopped in the middle of a minute
		{".pfff..", "..pfff."},
		{".fpfp", "..ppp"},
		{".f.f.f", "......"},
		{"ff", " f"},
		{".ppff", "..ppf"},
		{".ffpp.", "..ffpp"},
	} {
		var r row
		got := ""
		for i, look := range c.looks {
			tried := tally{tried: 10}
			switch look {
			case 'f':
				tried.failed = 10
			case 'p':
				tried.failed = 3
			}
			r.take(&tried, outage.Minute(i))
			got += map[level]string{unseen: " ", fine: ".", partly: "p", failing: "f"}[r.Level]
		}
		if got != c.words {
			t.Errorf("%q gives %q, want %q", c.looks, got, c.words)
		}
	}
	r := row{}
	for i, failed := range []int{0, 3, 10, 10} {
		r.take(&tally{tried: 10, failed: failed}, outage.Minute(i))
	}
	if r.Since != 2 {
		t.Errorf("failing since look %d, want the first that failed", r.Since)
	}
}
