package scoreboard

import (
	"fmt"
	"slices"

	"faultline/internal/inject"
	"faultline/internal/scan"
	"faultline/internal/trial"
)

// Floors and aims of injected outages: minutes, minutes and a share.
const (
	onsetFloor, onsetAim = 2, 1
	endFloor, endAim     = 5, 3
	wavesFloor, wavesAim = 0.90, 0.95
)

// Injected turns the tables of injected outages into rows: the whole line by the
// minute, and one series' detector at its own step. Either may be nil.
func Injected(line, series *inject.Table) []Row {
	const part = "Outages injected into recorded backgrounds"
	var rows []Row
	if line != nil && len(line.Outcomes) > 0 {
		all := &line.Groups[0].Sum
		onset, end, exact := quantile(all.Onsets, 0.5), quantile(all.Ends, 0.5), share(all.Exact, all.Outages)
		rows = append(rows,
			Row{
				Part: part, Measure: fmt.Sprintf("onset error of %d waves, median (90 %%)", all.Matched), Floor: "2 min", Aim: "1 min",
				Ours:    fmt.Sprintf("%d min (%d)", onset, quantile(all.Onsets, 0.9)),
				Verdict: atMost(float64(onset), onsetFloor, onsetAim),
			},
			Row{
				Part: part, Measure: "end error, median (90 %)", Floor: "5 min", Aim: "3 min",
				Ours:    fmt.Sprintf("%d min (%d)", end, quantile(all.Ends, 0.9)),
				Verdict: atMost(float64(end), endFloor, endAim),
			},
			Row{
				Part: part, Measure: fmt.Sprintf("number of waves exact, of %d outages", all.Outages), Floor: "90 %", Aim: "95 %",
				Ours: percent(exact), Verdict: atLeast(exact, wavesFloor, wavesAim),
			},
			Row{Part: part, Measure: "found; minutes to the first word, median (90 %)", Ours: fmt.Sprintf("%s; %d (%d)",
				percent(share(all.Found, all.Outages)), quantile(all.Delays, 0.5), quantile(all.Delays, 0.9))})
		for i := range line.Groups[1:] {
			g := &line.Groups[i+1]
			if g.Outages == 0 {
				continue
			}
			rows = append(rows, Row{Part: part, Measure: g.Name + ": found, exact, onset, end", Ours: injectedText(&g.Sum)})
		}
	}
	if series != nil && len(series.Outcomes) > 0 {
		rows = append(rows, Row{
			Part: part, Measure: "tweets by 5 minutes, one series alone: found, exact, onset, end", Ours: injectedText(&series.Groups[0].Sum),
		})
	}
	return rows
}

func injectedText(s *inject.Sum) string {
	return fmt.Sprintf("%s, %s, %d (%d) min, %d (%d) min", percent(share(s.Found, s.Outages)), percent(share(s.Exact, s.Outages)),
		quantile(s.Onsets, 0.5), quantile(s.Onsets, 0.9), quantile(s.Ends, 0.5), quantile(s.Ends, 0.9))
}

// WorldCup turns findings of one kind into rows. Requests of a site are values with a
// strong season, so the floor is on that kind; as counts they are shown beside it.
func WorldCup(kind scan.Kind, found []inject.Finding, rises []inject.Rise) []Row {
	const part = "Requests of the World Cup 98 site, by the minute"
	var rows []Row
	hits := 0
	for i := range rises {
		r := &rises[i]
		row := Row{
			Part: part, Measure: fmt.Sprintf("rise of %s, as kind %s", r.Begin, kind), Ours: "not found",
		}
		if r.Found != nil {
			hits++
			row.Ours = fmt.Sprintf("found %d min after requests doubled", r.Delay())
		}
		if kind == scan.Value {
			row.Floor, row.Aim, row.Verdict = "found", "found", Missed
			if r.Found != nil {
				row.Verdict = Aimed
			}
		}
		rows = append(rows, row)
	}
	return append(rows, Row{
		Part: part, Measure: fmt.Sprintf("other findings in 88 days, as kind %s", kind),
		Ours: fmt.Sprintf("%d, listed by `faultline evaluate worldcup`", len(found)-hits),
	})
}

// Recorded sums up how a rule did on recorded episodes.
type Recorded struct {
	Strong, First, Never int   // episodes above ten times their usual; found in or before its first bucket; never
	Delays               []int // buckets from there, rising; 0 for what was in alarm before
	Judged, False        int   // quiet parts and the alarms in them
}

// Add takes in a verdict on one episode.
func (s *Recorded) Add(overlaps bool, v trial.Verdict) {
	if !overlaps {
		s.Judged++
		s.False += v.Early
	}
	if v.Strong < 0 {
		return
	}
	s.Strong++
	d, ok := v.Delay(v.Strong)
	if !ok {
		s.Never++
		return
	}
	if d <= 0 {
		s.First++
	}
	s.Delays = append(s.Delays, max(0, d))
	slices.Sort(s.Delays)
}

// mean delay in buckets; an episode that was never found counts as late as can be.
func (s *Recorded) mean() float64 {
	const never = 48 // buckets: half a day, what an episode lasts after its surge
	sum := never * s.Never
	for _, d := range s.Delays {
		sum += d
	}
	return float64(sum) / float64(max(1, s.Strong))
}

// text is how soon and how often wrongly.
func (s *Recorded) text() string { return fmt.Sprintf("%d / %.2f / %d", s.First, s.mean(), s.False) }

// noWorse says whether a rule is neither later nor more often wrong than another.
func noWorse(a, b *Recorded) Verdict {
	if a.mean() <= b.mean() && a.False <= b.False {
		return Met
	}
	return Missed
}

// Comparison is the detector beside the simple rule on recorded episodes.
type Comparison struct {
	Ours, Simple Recorded
	// Equal is the simple rule at the factor that makes no more false alarms than ours.
	Equal  Recorded
	Factor float64
	// Loose is the detector at the budget that makes no more than the simple rule.
	Loose  Recorded
	Budget float64
}

// Downdetector turns a comparison into rows.
func Downdetector(c *Comparison) []Row {
	ours, simple := &c.Ours, &c.Simple
	const part = "132 recorded episodes of crowd reports, 15-minute counts, half a day of history each"
	const mostFalse = 2
	return []Row{
		{
			Part: part, Measure: fmt.Sprintf("above ten times the usual: found in the first bucket, of %d", ours.Strong),
			Aim: "all", Ours: fmt.Sprint(ours.First), Peers: fmt.Sprintf("three times the running mean: %d", simple.First),
		},
		{
			Part: part, Measure: "mean delay in buckets (never: 48)", Floor: fmt.Sprintf("%.2f, the simple rule's", simple.mean()), Aim: "0",
			Ours: fmt.Sprintf("%.2f", ours.mean()), Peers: fmt.Sprintf("three times the running mean: %.2f", simple.mean()),
			Verdict: atMost(ours.mean(), simple.mean(), 0),
		},
		{
			Part: part, Measure: fmt.Sprintf("false alarms in %d quiet parts", ours.Judged), Floor: fmt.Sprintf("%d, the simple rule's", simple.False), Aim: "2",
			Ours: fmt.Sprint(ours.False), Peers: fmt.Sprintf("three times the running mean: %d", simple.False),
			Verdict: atMost(float64(ours.False), float64(simple.False), mostFalse),
		},
		{
			Part: part, Measure: fmt.Sprintf("at a budget of %g a month: first bucket / mean delay / false alarms", c.Budget),
			Floor: "no worse than the simple rule on both", Ours: c.Loose.text(), Peers: "three times the running mean: " + simple.text(),
			Verdict: noWorse(&c.Loose, simple),
		},
		{
			Part: part, Measure: "first bucket / mean delay / false alarms at as few false alarms", Ours: ours.text(),
			Peers: fmt.Sprintf("%g times the running mean: %s", c.Factor, c.Equal.text()),
		},
	}
}

// quantile of sorted minutes; 0 of none.
func quantile(sorted []int, p float64) int {
	if len(sorted) == 0 {
		return 0
	}
	return trial.Quantile(sorted, p)
}
