package nab

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// shared is the corpus that lies beside the project, if it does.
func shared(t testing.TB) *Corpus {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "nab")); err != nil {
		t.Skip("the benchmark's data is not there: " + err.Error())
	}
	c, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestReferences recomputes what the benchmark publishes of its reference detectors.
func TestReferences(t *testing.T) {
	c := shared(t)
	if n := c.windows(All); len(c.Files) != 58 || n != 116 {
		t.Fatalf("%d files and %d windows, the benchmark has 58 and 116", len(c.Files), n)
	}
	j := NewJudge(c)
	for _, x := range []struct {
		name     string
		detector Detector
		want     [3]float64
	}{
		{"null", Null, [3]float64{0, 0, 0}},
		{"perfect", Perfect, [3]float64{100, 100, 100}},
		{"windowed Gaussian", WindowedGaussian, [3]float64{39.6, 20.9, 47.4}},
	} {
		scores, err := c.Run(x.detector)
		if err != nil {
			t.Fatal(err)
		}
		for k, at := range j.Best(scores, All) {
			got := j.Score(scores, c.Profiles[k], at, All)
			if math.Abs(got-x.want[k]) > 0.1 {
				t.Errorf("%s, %s: %.2f, published %.1f", x.name, c.Profiles[k].Name, got, x.want[k])
			}
		}
	}
}

// made is a corpus of one file of n rows with the given windows.
func made(n int, windows ...Window) (*Corpus, *Judge) {
	f := File{Name: "made/up.csv", Folder: "made", Values: make([]float64, n), Windows: windows}
	for i := range n {
		f.Times = append(f.Times, time.Unix(int64(i)*300, 0))
	}
	c := &Corpus{Files: []File{f}, Profiles: []Profile{{"standard", 1, 1, 0.11}, {"fp", 1, 1, 0.22}, {"fn", 1, 2, 0.11}}}
	return c, NewJudge(c)
}

// TestByHand scores single alarms whose worth the definition gives.
func TestByHand(t *testing.T) {
	top := 2/(1+math.Exp(-5.0)) - 1
	for _, x := range []struct {
		name   string
		alarms []int
		hits   float64
		cost   float64
	}{
		{"silence", nil, 0, 0},
		{"first row of the window", []int{40}, 1, 0},
		{"two in the window: the first counts", []int{40, 45}, 1, 0},
		{"middle of the window", []int{45}, (2/(1+math.Exp(-2.5)) - 1) / top, 0},
		{"last row of the window", []int{49}, (2/(1+math.Exp(-0.5)) - 1) / top, 0},
		{"before any window", []int{39}, 0, -1},
		{"just after", []int{50}, 0, 2/(1+math.Exp(5.0/9)) - 1},
		{"one width after", []int{58}, 0, 2/(1+math.Exp(5.0)) - 1},
		{"three widths after", []int{49 + 27}, 0, 2/(1+math.Exp(15.0)) - 1},
		{"far after", []int{49 + 28}, 0, -1},
		{"two after: each costs", []int{90, 91}, 0, -2},
		{"in probation", []int{14}, 0, 0},
		{"first scored row", []int{15}, 0, -1},
	} {
		_, j := made(100, Window{40, 49})
		scores := j.blank()
		for _, i := range x.alarms {
			scores[0][i] = 0.7
		}
		got := j.Tally(scores, 0.7, All)
		if math.Abs(got.Hits-x.hits) > 1e-12 || math.Abs(got.FalseCost-x.cost) > 1e-12 {
			t.Errorf("%s: hits %.6f, want %.6f; cost %.6f, want %.6f", x.name, got.Hits, x.hits, got.FalseCost, x.cost)
		}
		if found := x.hits > 0; (got.Found == 1) != found || (got.Missed == 1) == found {
			t.Errorf("%s: found %d, missed %d", x.name, got.Found, got.Missed)
		}
	}
}

// TestProfiles weighs one hit, one miss and one false row.
func TestProfiles(t *testing.T) {
	c, j := made(200, Window{50, 59}, Window{120, 129})
	scores := j.blank()
	scores[0][50], scores[0][110] = 1, 1
	want := []float64{
		100 * (1 - 0.11 - 1 + 2) / 4, 100 * (1 - 0.22 - 1 + 2) / 4, 100 * (1 - 0.11 - 2 + 4) / 6,
	}
	for k, p := range c.Profiles {
		if got := j.Score(scores, p, 0.5, All); math.Abs(got-want[k]) > 1e-9 {
			t.Errorf("%s: %.4f, want %.4f", p.Name, got, want[k])
		}
	}
}

// TestBestIsBest compares the sweep with the tally of every threshold.
func TestBestIsBest(t *testing.T) {
	c, j := made(300, Window{60, 79}, Window{150, 160}, Window{250, 260})
	scores := j.blank()
	for i := range scores[0] {
		scores[0][i] = float64(i * i * 7919 % 97)
	}
	for k, at := range j.Best(scores, All) {
		top := math.Inf(-1)
		for threshold := range 100 {
			top = math.Max(top, j.Score(scores, c.Profiles[k], float64(threshold), All))
		}
		if got := j.Score(scores, c.Profiles[k], at, All); math.Abs(got-top) > 1e-9 {
			t.Errorf("%s: the sweep finds %.4f, trying them all %.4f", c.Profiles[k].Name, got, top)
		}
	}
}

func TestProbation(t *testing.T) {
	for n, want := range map[int]int{0: 0, 10: 1, 4032: 604, 5000: 750, 22695: 750} {
		if got := Probation(n); got != want {
			t.Errorf("%d rows: %d, want %d", n, got, want)
		}
	}
}

// TestBuckets has a row that shares a time, a step back and a gap.
func TestBuckets(t *testing.T) {
	f := File{Name: "x"}
	for _, s := range []int64{600, 900, 1200, 1200, 900, 1500, 3000} {
		f.Times = append(f.Times, time.Unix(s, 0))
	}
	step, at, err := f.Buckets()
	if err != nil || step != 5*time.Minute {
		t.Fatalf("step %v, %v", step, err)
	}
	want := []int64{2, 3, 4, 5, 6, 7, 10}
	for i := range want {
		if at[i] != want[i] {
			t.Fatalf("buckets %v, want %v", at, want)
		}
	}
	f.Times = f.Times[:1]
	if _, _, err := f.Buckets(); err == nil {
		t.Error("one row has a step")
	}
}
