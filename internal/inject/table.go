package inject

import (
	"fmt"
	"slices"

	"faultline/internal/nab"
	"faultline/outage"
)

// Sum is what many outcomes come to.
type Sum struct {
	Outages, Found, Exact int // Exact: found with the right number of waves
	Waves, Matched        int // true waves, and those that a found wave was matched to
	PeaksIn               int
	// Sizes of the errors of matched waves in minutes, rising; onsets of first
	// waves again by themselves; delays from onset to first word.
	Onsets, Firsts, Ends, Delays []int
	// Signed errors, rising, which show a bias.
	SignedOnsets, SignedEnds []int
	Others                   int
}

// add takes an outcome in.
func (s *Sum) add(o *Outcome) {
	s.Outages++
	s.Waves += len(o.Outage.Waves)
	if !o.Found {
		return
	}
	s.Found++
	s.Delays = append(s.Delays, int(o.Delay))
	if o.Waves == len(o.Outage.Waves) {
		s.Exact++
	}
	s.Matched += len(o.Onsets)
	s.PeaksIn += o.PeaksIn
	if o.StartOnly != never {
		s.Firsts = append(s.Firsts, size(o.StartOnly))
	}
	for i := range o.Onsets {
		s.Onsets = append(s.Onsets, size(o.Onsets[i]))
		s.Ends = append(s.Ends, size(o.Ends[i]))
		s.SignedOnsets = append(s.SignedOnsets, o.Onsets[i])
		s.SignedEnds = append(s.SignedEnds, o.Ends[i])
	}
}

// Trial is the whole trial: which draws are made of which backgrounds.
type Trial struct {
	Seeds int // draws of each background and rate
	// Tune and Check choose the even and the odd seeds: what was tuned was tuned on
	// the even ones.
	Tune, Check bool
}

// What is made of the World Cup's requests: the rates that they are thinned to, the
// days at which a stretch of three weeks begins, two of learning and one with an
// outage a day. The weeks of the matches, from 12 June on, are learned from and not
// injected into, for there each day has crowds of its own.
var (
	scales = [...]float64{0.5, 5, 50}
	weeks  = [...]int{0, 7, 14, 21, 53, 60, 67}
)

const (
	learn = 14 * outage.Day
	days  = 21
)

// Table is what was measured, in groups that overlap.
type Table struct {
	Groups   []Group
	Outcomes []Outcome
}

// Group is one line of the table.
type Group struct {
	Name string
	Sum
}

// at is the group of a name, made when it is new.
func (t *Table) at(name string) *Sum {
	for i := range t.Groups {
		if t.Groups[i].Name == name {
			return &t.Groups[i].Sum
		}
	}
	t.Groups = append(t.Groups, Group{Name: name})
	return &t.Groups[len(t.Groups)-1].Sum
}

// take adds a result to the group of everything and to its own.
func (t *Table) take(all, own string, r *Result) {
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		t.at(all).add(o)
		if own != "" {
			t.at(own).add(o)
			t.at(factorName(o.Factor)).add(o)
		}
	}
	t.at(all).Others += r.Others
	if own != "" {
		t.at(own).Others += r.Others
	}
	t.Outcomes = append(t.Outcomes, r.Outcomes...)
}

func rateName(scale float64) string { return fmt.Sprintf("%g a minute", scale) }

func factorName(f float64) string { return fmt.Sprintf("%g times the base", f) }

// wanted says whether a seed belongs to the chosen half.
func (g *Trial) wanted(seed int) bool {
	return seed%2 == 0 && g.Tune || seed%2 == 1 && g.Check
}

// Minutes injects into a recording by the minute, thinned to the rates of reports,
// and passes it through a rule.
func (g *Trial) Minutes(b *Background, rule Rule) (*Table, error) {
	var t Table
	t.at("all") // the order of the lines, whatever comes first
	for _, scale := range scales {
		t.at(rateName(scale))
	}
	for _, f := range factors {
		t.at(factorName(f))
	}
	for seed := range g.Seeds {
		for _, scale := range scales {
			for _, day := range weeks {
				if !g.wanted(seed) || (day+days)*int(outage.Day) > len(b.Counts)+int(outage.Day) {
					continue // the recording ends before
				}
				raw := b.Part(day*int(outage.Day), (day+days)*int(outage.Day))
				thin := raw.Thin(scale/raw.Mean(), uint64(seed))
				in := Outages{Learn: learn, LeastGap: 30, Seed: uint64(seed)<<8 | uint64(day)}
				r, err := in.Run(&thin, &raw, rule)
				if err != nil {
					return nil, err
				}
				t.take("all", rateName(scale), &r)
			}
		}
	}
	t.sort()
	return &t, nil
}

// Steps injects into recordings with their own steps, as they are.
func (g *Trial) Steps(list []Background, rule Rule) (*Table, error) {
	var t Table
	for i := range list {
		for seed := range g.Seeds {
			if !g.wanted(seed) {
				continue
			}
			in := Outages{Learn: learn, LeastGap: 60, Seed: uint64(seed)}
			r, err := in.Run(&list[i], &list[i], rule)
			if err != nil {
				return nil, err
			}
			t.take("all", "", &r)
		}
	}
	t.sort()
	return &t, nil
}

// sort makes the lists fit for [Quantile].
func (t *Table) sort() {
	for i := range t.Groups {
		s := &t.Groups[i].Sum
		for _, l := range [][]int{s.Onsets, s.Firsts, s.Ends, s.Delays, s.SignedOnsets, s.SignedEnds} {
			slices.Sort(l)
		}
	}
}

// Tweets are the counts of tweets in a benchmark as backgrounds: whole numbers in
// buckets of five minutes.
func Tweets(c *nab.Corpus) ([]Background, error) {
	var out []Background
	for i := range c.Files {
		f := &c.Files[i]
		if f.Folder != "realTweets" {
			continue
		}
		b := Background{Name: f.Name, Step: 5}
		for j, v := range f.Values {
			if err := b.put(outage.MinuteOf(f.Times[j]), int(v)); err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", f.Name, j+1, err)
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// size is the absolute value.
func size(n int) int { return max(n, -n) }
