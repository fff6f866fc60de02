package nab

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Shape of the reward: how steeply it falls over a window, and after how many
// window widths a false alarm costs all of its weight.
const (
	steepness = 5.0
	farAway   = 3.0
)

// reward is the scaled sigmoid of the position y relative to a window, -1 at its
// left end and 0 at its right: nearly 1, 0, and towards -1 beyond.
func reward(y float64) float64 {
	if y > farAway {
		return -1
	}
	return 2/(1+math.Exp(steepness*y)) - 1
}

// position is what an alarm in one row is worth, before the weights of a profile.
type position struct {
	window int     // index among the file's windows, or one of the two below
	worth  float64 // in a window 0..1, outside -1..0
}

// Rows that lie in no window.
const (
	outside   = -1
	probation = -2
)

// positions says of each row of a file what an alarm there is worth.
func positions(f *File) []position {
	out := make([]position, len(f.Values))
	start := Probation(len(f.Values))
	top := reward(-1)
	w := 0
	for i := range out {
		for w < len(f.Windows) && i > f.Windows[w].Last {
			w++
		}
		p := position{window: outside, worth: -1}
		switch {
		case w < len(f.Windows) && i >= f.Windows[w].First:
			width := float64(f.Windows[w].Last - f.Windows[w].First + 1)
			p = position{w, reward(-float64(f.Windows[w].Last-i+1)/width) / top}
		case w > 0:
			before := f.Windows[w-1]
			p.worth = reward(float64(i-before.Last) / math.Max(1, float64(before.Last-before.First)))
		}
		if i < start {
			p.window = probation
		}
		out[i] = p
	}
	return out
}

// Tally is what a detector got right and wrong, before the weights of a profile.
type Tally struct {
	Hits          float64 // sum over windows of the worth of their earliest alarm, 0..1
	Found, Missed int     // windows
	FalseCost     float64 // sum over rows in alarm outside windows of their worth, below 0
	FalseRows     int
}

// Raw is the tally under a profile.
func (t Tally) Raw(p Profile) float64 {
	return p.Hit*t.Hits + p.FalseRow*t.FalseCost - p.Miss*float64(t.Missed)
}

// Judge is a corpus with what each row of it is worth, made once for many detectors.
type Judge struct {
	corpus *Corpus
	rows   [][]position
}

// NewJudge prepares a corpus.
func NewJudge(c *Corpus) *Judge {
	j := &Judge{corpus: c}
	for i := range c.Files {
		j.rows = append(j.rows, positions(&c.Files[i]))
	}
	return j
}

// Tally counts what alarms in the rows with at least the threshold bring in the
// chosen files. Scores are by file and row, as the corpus has them.
func (j *Judge) Tally(scores [][]float64, threshold float64, chosen func(*File) bool) Tally {
	var t Tally
	for i := range j.rows {
		f := &j.corpus.Files[i]
		if !chosen(f) {
			continue
		}
		best := make([]float64, len(f.Windows))
		scored := make([]bool, len(f.Windows))
		for k, p := range j.rows[i] {
			if p.window >= 0 {
				scored[p.window] = true
			}
			switch {
			case p.window == probation || !(scores[i][k] >= threshold):
			case p.window == outside:
				t.FalseCost += p.worth
				t.FalseRows++
			default:
				best[p.window] = math.Max(best[p.window], p.worth)
			}
		}
		for w := range best {
			switch {
			case best[w] > 0:
				t.Hits += best[w]
				t.Found++
			case scored[w]:
				t.Missed++
			}
		}
	}
	return t
}

// Normal scales a tally of the chosen files so that a detector that never alarms
// has 0 and a perfect one 100. It is not a number where there is no window.
func (j *Judge) Normal(t Tally, p Profile, chosen func(*File) bool) float64 {
	null := j.Tally(j.blank(), math.Inf(1), chosen).Raw(p)
	perfect := p.Hit * float64(j.corpus.windows(chosen))
	return 100 * (t.Raw(p) - null) / (perfect - null)
}

// Score is the normalised score at a threshold.
func (j *Judge) Score(scores [][]float64, p Profile, threshold float64, chosen func(*File) bool) float64 {
	return j.Normal(j.Tally(scores, threshold, chosen), p, chosen)
}

// blank are scores of 0 for every row.
func (j *Judge) blank() [][]float64 {
	out := make([][]float64, len(j.rows))
	for i := range j.rows {
		out[i] = make([]float64, len(j.rows[i]))
	}
	return out
}

// Check says whether there is a usable score for each row.
func (j *Judge) Check(scores [][]float64) error {
	if len(scores) != len(j.rows) {
		return fmt.Errorf("scores of %d files for a corpus of %d", len(scores), len(j.rows))
	}
	for i := range scores {
		if len(scores[i]) != len(j.rows[i]) {
			return fmt.Errorf("%s: %d scores for %d rows", j.corpus.Files[i].Name, len(scores[i]), len(j.rows[i]))
		}
		for k, s := range scores[i] {
			if math.IsNaN(s) {
				return fmt.Errorf("%s: the score of row %d is not a number", j.corpus.Files[i].Name, k+1)
			}
		}
	}
	return nil
}

// spot is one row of the sweep.
type spot struct {
	score     float64
	file, row int32
}

// Best is for each profile the threshold that brings most over the chosen files:
// thresholds are tried from the highest score down, and the first of equals is kept.
func (j *Judge) Best(scores [][]float64, chosen func(*File) bool) []float64 {
	spots, t := j.spots(scores, chosen)
	best := make([][]float64, len(j.rows))
	for i := range best {
		best[i] = make([]float64, len(j.corpus.Files[i].Windows))
	}
	profiles := j.corpus.Profiles
	top, at := make([]float64, len(profiles)), make([]float64, len(profiles))
	for k, p := range profiles {
		top[k], at[k] = t.Raw(p), math.Inf(1)
	}
	for n, s := range spots {
		switch p := j.rows[s.file][s.row]; p.window {
		case outside:
			t.FalseCost += p.worth
		default:
			b := &best[s.file][p.window]
			if *b == 0 && p.worth > 0 {
				t.Missed--
			}
			if p.worth > *b {
				t.Hits += p.worth - *b
				*b = p.worth
			}
		}
		if n+1 < len(spots) && spots[n+1].score == s.score {
			continue
		}
		for k, p := range profiles {
			if raw := t.Raw(p); raw > top[k] {
				top[k], at[k] = raw, s.score
			}
		}
	}
	return at
}

// spots are the scored rows of the chosen files with the highest score first, and
// the tally of silence.
func (j *Judge) spots(scores [][]float64, chosen func(*File) bool) ([]spot, Tally) {
	var spots []spot
	for i := range j.rows {
		if !chosen(&j.corpus.Files[i]) {
			continue
		}
		for k, p := range j.rows[i] {
			if p.window != probation {
				spots = append(spots, spot{scores[i][k], int32(i), int32(k)})
			}
		}
	}
	slices.SortFunc(spots, func(a, b spot) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
	})
	return spots, j.Tally(scores, math.Inf(1), chosen)
}
