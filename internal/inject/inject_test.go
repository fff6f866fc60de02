package inject

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/internal/nab"
	"faultline/internal/scan"
	"faultline/outage"
)

const begin = outage.Minute(14976000) // 1998-06-23T00:00Z

// flat is a background with a mean and, from a minute on, so many times as much for
// two hours.
func flat(days int, mean float64, jump int, factor float64) Background {
	r := rand.New(rand.NewPCG(5, 5))
	b := Background{Name: "flat", Step: 1, Begin: begin}
	for i := range days * int(outage.Day) {
		m := mean
		if jump > 0 && i >= jump && i < jump+120 {
			m *= factor
		}
		b.Counts = append(b.Counts, int(distuv.Poisson{Lambda: m, Src: r}.Rand()))
	}
	return b
}

func TestWaveShape(t *testing.T) {
	w := Wave{Onset: 100, Ramp: 10, Hold: 20, Fall: 10, Height: 8}
	sum := 0.0
	for m := outage.Minute(90); m < 150; m++ {
		at := w.At(m)
		sum += at
		if (m < 100 || m >= 140) != (at == 0) {
			t.Errorf("minute %d has %g", m, at)
		}
	}
	if math.Abs(sum-8*(5+20+5)) > 1e-9 {
		t.Errorf("the wave adds %g reports, want 240", sum)
	}
	if w.End() != 138 {
		t.Errorf("the wave ends at %d, want 138: where a fifth is left", w.End())
	}
	if sharp := (&Wave{Onset: 5, Hold: 20, Height: 1}); sharp.End() != 25 || sharp.At(5) != 1 || sharp.At(24) != 1 || sharp.At(25) != 0 {
		t.Errorf("a wave without ramp and fall ends at %d", sharp.End())
	}
}

func TestThinKeepsTheShare(t *testing.T) {
	b := flat(4, 100, 0, 1)
	b.Counts[7] = -1
	thin := b.Thin(0.03, 1)
	if thin.Counts[7] != -1 || math.Abs(thin.Mean()-3) > 0.1 {
		t.Errorf("mean %g, want 3; a missing minute became %d", thin.Mean(), thin.Counts[7])
	}
	again := b.Thin(0.03, 1)
	for i := range thin.Counts {
		if thin.Counts[i] != again.Counts[i] {
			t.Fatal("the same seed draws another series")
		}
	}
}

func TestCalm(t *testing.T) {
	b := flat(1, 50, 600, 3)
	b.Counts[1200] = -1
	for _, c := range []struct {
		from, to int
		want     bool
	}{{100, 500, true}, {500, 700, false}, {800, 1000, true}, {1100, 1300, false}, {0, 100, false}, {1400, 1460, false}} {
		if got := b.Calm(c.from, c.to); got != c.want {
			t.Errorf("calm from %d to %d: %v", c.from, c.to, got)
		}
	}
}

// TestRuleThatKnowsTheTruth: whoever says what was added has no error.
func TestRuleThatKnowsTheTruth(t *testing.T) {
	b := flat(20, 5, 0, 1)
	g := Outages{Learn: 14 * outage.Day, LeastGap: 30, Seed: 3}
	list := g.draw(&b, &b)
	if len(list) < 3 {
		t.Fatalf("%d outages in six days", len(list))
	}
	r, err := g.Run(&b, &b, func(with *Background) ([]Found, error) {
		sum, more := 0, 0
		for i, n := range with.Counts {
			sum, more = sum+b.Counts[i], more+n
		}
		if more <= sum {
			t.Errorf("%d reports with outages, %d without", more, sum)
		}
		found := []Found{{Detected: begin + 100, Waves: []FoundWave{{Onset: begin + 100, Peak: begin + 101, End: begin + 130}}}}
		for i := range list {
			f := Found{Detected: list[i].Waves[0].Onset + 2}
			for j := range list[i].Waves {
				w := &list[i].Waves[j]
				f.Waves = append(f.Waves, FoundWave{Onset: w.Onset, Peak: w.Onset, End: w.End()})
			}
			found = append(found, f)
		}
		return found, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var table Table
	table.take("all", "own", &r)
	table.sort()
	s := &table.Groups[0]
	if s.Found != len(list) || s.Exact != len(list) || s.Matched != s.Waves || s.Others != 1 ||
		s.Onsets[len(s.Onsets)-1] != 0 || s.Ends[len(s.Ends)-1] != 0 || s.Delays[0] != 2 {
		t.Errorf("the truth has errors: %+v", s)
	}
}

// TestJudgeSwallowedWave: one found wave over two true ones is matched to one.
func TestJudgeSwallowedWave(t *testing.T) {
	o := Outage{Waves: []Wave{{Onset: 1000, Hold: 60, Height: 5}, {Onset: 1100, Hold: 30, Height: 5}}}
	used := make([]bool, 1)
	got := judge(&o, []Found{{Detected: 1003, Waves: []FoundWave{{Onset: 1002, Peak: 1010, End: 1131}}}}, used, 1)
	if !used[0] || got.Waves != 1 || len(got.Onsets) != 1 || got.Onsets[0] != 2 || got.Ends[0] != 71 || got.Delay != 3 {
		t.Errorf("%+v", got)
	}
	missed := judge(&o, []Found{{Detected: 2003, Waves: []FoundWave{{Onset: 2002, Peak: 2010, End: 2131}}}}, used, 1)
	if missed.Found {
		t.Error("what lies hours after the outage counts as found")
	}
}

// TestTrialOnAFlatBackground passes the whole trial through the detector of one
// series, at both steps.
func TestTrialOnAFlatBackground(t *testing.T) {
	b := flat(88, 40, 0, 1)
	g := Trial{Seeds: 1, Tune: true}
	table, err := g.Minutes(&b, ScanRule(scan.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	all := &table.Groups[0]
	if all.Outages < 60 || all.Found < all.Outages*95/100 || quantile(all.Onsets, 0.5) > 1 || quantile(all.Ends, 0.5) > 5 {
		t.Errorf("%d outages, %d found, onset error %d, end error %d", all.Outages, all.Found, quantile(all.Onsets, 0.5), quantile(all.Ends, 0.5))
	}
	again, err := g.Minutes(&b, ScanRule(scan.Config{}))
	if err != nil || fmt.Sprint(again.Groups) != fmt.Sprint(table.Groups) {
		t.Errorf("the same trial came out otherwise: %v", err)
	}
	if none, err := (&Trial{Seeds: 1, Check: true}).Minutes(&b, ScanRule(scan.Config{})); err != nil || len(none.Outcomes) != 0 {
		t.Errorf("the other half has the first seed too: %v", err)
	}
}

func quantile(sorted []int, q float64) int { return sorted[int(q*float64(len(sorted)-1))] }

func TestTweets(t *testing.T) {
	at := time.Date(2015, 2, 26, 21, 42, 53, 0, time.UTC)
	c := &nab.Corpus{Files: []nab.File{
		{Name: "realTweets/a.csv", Folder: "realTweets", Times: []time.Time{at, at.Add(5 * time.Minute), at.Add(15 * time.Minute)}, Values: []float64{3, 4, 5}},
		{Name: "other/b.csv", Folder: "other"},
	}}
	list, err := Tweets(c)
	if err != nil || len(list) != 1 || fmt.Sprint(list[0].Counts) != "[3 4 -1 5]" {
		t.Errorf("%v: %v", list, err)
	}
}

func TestReadBackgroundSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "header",
		"t,n\n":                          "no rows",
		"t,n\n1998-05-01,2\n":            "x:2: time",
		"t,n\n1998-05-01 00:00:00,-2\n":  "x:2: count",
		"t,n\n1998-05-01 00:00:00,1.5\n": "x:2: count",
		"t,n\n1998-05-01 00:00:00,1\n1998-05-01 00:00:30,1\n": "x:3: time",
		"t,n\n1998-05-01 00:00:00,1\n2008-05-01 00:00:30,1\n": "x:3: time",
		"t,n\n1998-05-01 00:00:00\n":                          "fields",
	} {
		if _, err := ReadBackground("x", strings.NewReader(text), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	b, err := ReadBackground("x", strings.NewReader("t,n\n1998-06-23 00:01:00,1\n1998-06-23 00:03:00,2\n"), 1)
	if err != nil || b.Begin != begin+1 || fmt.Sprint(b.Counts) != "[1 -1 2]" {
		t.Errorf("%+v: %v", b, err)
	}
}

// TestWorldCup: rises on the two days are found, and said to be missing where
// nothing rises.
func TestWorldCup(t *testing.T) {
	at, err := time.Parse(time.DateOnly, "1998-06-30")
	if err != nil {
		t.Fatal(err)
	}
	b := flat(15, 100, int(outage.MinuteOf(at)-begin)+870, 5)
	found, rises, err := WorldCup(&b, scan.Count)
	if err != nil || len(found) == 0 || len(rises) != 1 || rises[0].Found == nil {
		t.Fatalf("%d findings, rises %v: %v", len(found), rises, err)
	}
	r := rises[0]
	if r.Begin < r.Day+866 || r.Begin > r.Day+870 || r.Delay() > 5 || r.Found.Onset != r.Day+870 || r.Found.Effect < 4 {
		t.Errorf("begin %s, found %+v", r.Begin, *r.Found)
	}
}
