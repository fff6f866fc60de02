package inject

import (
	"fmt"
	"math"
	"math/rand/v2"

	"faultline/outage"
)

// Outages describes outages that are added to a recorded background.
type Outages struct {
	// Learn is how long the background is heard before the first outage.
	Learn outage.Minute
	// LeastGap is the shortest calm between two waves; the longest is three hours.
	LeastGap outage.Minute
	Seed     uint64
}

// never stands for what did not come.
const never = 999

// Ranges that outages are drawn from.
const (
	leastHold, mostHold = 20, 180 // minutes at full height, evenly on the log scale
	mostGap             = 180     // minutes between two waves
	leastHeight         = 2.0     // reports a minute: what one can date within minutes at all
	laterWaves          = 1.5     // a second or third wave is up to so many times higher or lower
	waveEnds            = 0.2     // of its height: where a falling wave counts as over
	crowdShape          = 100.0   // a crowd's own unsteadiness: 10 % from minute to minute
	injectEvery         = outage.Day
	// apart is the least time between two outages, so that they are two incidents.
	apart = 6 * outage.Hour
	// margins around an outage in which the background must be calm.
	calmBefore, calmAfter = 90, 120
)

// Choices that outages are drawn from, each as often as the others.
var (
	factors = [...]float64{3, 10, 30} // height over the background's hour
	ramps   = [...]int{0, 5, 15}      // minutes
	falls   = [...]int{0, 5, 15, 30}  // minutes
)

// Wave is one wave that was added: so many reports a minute, growing
// evenly over Ramp minutes, standing for Hold and going back over Fall.
type Wave struct {
	Onset            outage.Minute
	Ramp, Hold, Fall int
	Height           float64
}

// At is the mean number of reports that the wave adds in a minute.
func (w *Wave) At(m outage.Minute) float64 {
	t := float64(m-w.Onset) + 0.5
	ramp, hold, fall := float64(w.Ramp), float64(w.Hold), float64(w.Fall)
	switch {
	case t < 0 || t > ramp+hold+fall:
		return 0
	case t < ramp:
		return w.Height * t / ramp
	case t < ramp+hold:
		return w.Height
	}
	return w.Height * (ramp + hold + fall - t) / fall
}

// End is the first minute in which less than a fifth of the height is left.
func (w *Wave) End() outage.Minute {
	return w.Onset + outage.Minute(w.Ramp+w.Hold) + outage.Minute(math.Ceil((1-waveEnds)*float64(w.Fall)))
}

// gone is the first minute without anything of the wave.
func (w *Wave) gone() outage.Minute {
	return w.Onset + outage.Minute(w.Ramp+w.Hold+w.Fall)
}

// Outage is what was injected at one time.
type Outage struct {
	Background string
	Scale      float64 // mean reports a minute of the background
	Base       float64 // in the hour before
	Factor     float64 // height of the first wave over Base
	Waves      []Wave
}

// FoundWave is one wave that a rule claims.
type FoundWave struct{ Onset, Peak, End outage.Minute }

// Found is what a rule says of a stretch: outages that it holds for real, with
// the minute in which it first spoke of each.
type Found struct {
	Detected outage.Minute
	Waves    []FoundWave
}

// Rule judges a background with its outages, a bucket at a time, and says at the
// end what it found. Counts below 0: nobody looked.
type Rule func(b *Background) ([]Found, error)

// Outcome is one outage and what a rule said of it. Errors are in minutes, found
// less true, one for each true wave that a found one overlaps.
type Outcome struct {
	Outage
	Found     bool
	Delay     outage.Minute // from the onset to the first word
	Waves     int           // that were found
	Claims    []FoundWave   // the same as they are
	Onsets    []int
	Ends      []int
	PeaksIn   int // matched waves whose peak lies inside the true wave
	StartOnly int // onset error of the first wave
}

// Result is what a rule made of one background.
type Result struct {
	Outcomes []Outcome
	// Others are found outages that touch none of the injected ones: rises of the
	// background itself, and false alarms.
	Others int
}

// Run injects outages into a background and passes it through a rule.
func (g *Outages) Run(b *Background, calm *Background, rule Rule) (Result, error) {
	list := g.draw(b, calm)
	with := g.add(b, list)
	found, err := rule(&with)
	if err != nil {
		return Result{}, fmt.Errorf("judge %s with its outages: %w", b.Name, err)
	}
	var out Result
	used := make([]bool, len(found))
	for i := range list {
		out.Outcomes = append(out.Outcomes, judge(&list[i], found, used, b.Step))
	}
	for _, u := range used {
		if !u {
			out.Others++
		}
	}
	return out, nil
}

// draw chooses when and what: about one outage a day after the learning time,
// where the background (as recorded, in calm) has no rise of its own.
func (g *Outages) draw(b, calm *Background) []Outage {
	r := rand.New(rand.NewPCG(g.Seed, math.Float64bits(b.Mean())))
	end := outage.Minute(len(b.Counts)) * b.Step
	var out []Outage
	free := g.Learn
	for day := g.Learn; day+injectEvery <= end; day += injectEvery {
		const tries = 8
		for range tries {
			o, at := g.one(r, b, day)
			last := o.Waves[len(o.Waves)-1].gone() - b.Begin
			if at < free || last+calmAfter > end || !calm.Calm(int((at-calmBefore)/b.Step), int((last+calmAfter)/b.Step)) {
				continue
			}
			out = append(out, o)
			free = last + apart
			break
		}
	}
	return out
}

// one draws an outage that begins within the day; at is its onset from the
// background's begin.
func (g *Outages) one(r *rand.Rand, b *Background, day outage.Minute) (o Outage, at outage.Minute) {
	at = day + outage.Minute(r.Int64N(int64(injectEvery)))
	hour := int(60 / b.Step)
	i := int(at / b.Step)
	before, _ := sumOf(b.Counts[max(0, i-hour):i])
	o = Outage{
		Background: b.Name, Scale: b.Mean() / float64(b.Step), Base: math.Max(0, before) / 60,
		Factor: factors[r.IntN(len(factors))],
	}
	height := math.Max(leastHeight, o.Factor*o.Base)
	onset := b.Begin + at
	for n := 1 + r.IntN(3); n > 0; n-- {
		w := Wave{
			Onset: onset, Ramp: ramps[r.IntN(len(ramps))], Fall: falls[r.IntN(len(falls))],
			Hold: int(logUniform(r, leastHold, mostHold)), Height: height,
		}
		o.Waves = append(o.Waves, w)
		onset = w.gone() + outage.Minute(logUniform(r, float64(g.LeastGap), mostGap))
		height = math.Max(leastHeight, o.Factor*o.Base) * logUniform(r, 1/laterWaves, laterWaves)
	}
	return o, at
}

func logUniform(r *rand.Rand, a, b float64) float64 { return a * math.Pow(b/a, r.Float64()) }

// add draws the reports of the outages on top of the background.
func (g *Outages) add(b *Background, list []Outage) Background {
	r := rand.New(rand.NewPCG(g.Seed, 1))
	out := *b
	out.Counts = append([]int(nil), b.Counts...)
	for i := range list {
		for j := range list[i].Waves {
			w := &list[i].Waves[j]
			for m := w.Onset; m < w.gone(); m++ {
				if n := &out.Counts[(m-b.Begin)/b.Step]; *n >= 0 {
					*n += crowd(r, w.At(m))
				}
			}
		}
	}
	return out
}

// judge compares an outage with what was found. Found outages that touch it are
// marked as used; their waves count together.
func judge(o *Outage, found []Found, used []bool, step outage.Minute) Outcome {
	out := Outcome{Outage: *o, StartOnly: never, Delay: never}
	first, last := o.Waves[0].Onset, o.Waves[len(o.Waves)-1].gone()
	var waves []FoundWave
	for i, f := range found {
		touches := false
		for _, w := range f.Waves {
			if w.End > first-calmBefore/2 && w.Onset < last+calmAfter/2 {
				touches = true
				waves = append(waves, w)
			}
		}
		if touches {
			used[i], out.Found = true, true
			out.Delay = min(out.Delay, f.Detected-first)
		}
	}
	out.Waves, out.Claims = len(waves), waves
	for i := range o.Waves {
		truth := &o.Waves[i]
		w, ok := overlapping(truth, waves)
		if !ok || mostShared(o.Waves, w) != i {
			continue
		}
		onset := int(w.Onset - truth.Onset/step*step)
		if i == 0 {
			out.StartOnly = onset
		}
		out.Onsets = append(out.Onsets, onset)
		out.Ends = append(out.Ends, int(w.End-(truth.End()+step-1)/step*step))
		if w.Peak >= truth.Onset/step*step && w.Peak < truth.gone() {
			out.PeaksIn++
		}
	}
	return out
}

// shared is how many minutes two waves have in common.
func shared(truth *Wave, w FoundWave) outage.Minute {
	return max(0, min(w.End, truth.gone())-max(w.Onset, truth.Onset))
}

// overlapping is the found wave that shares the most minutes with a true one.
func overlapping(truth *Wave, waves []FoundWave) (best FoundWave, ok bool) {
	most := outage.Minute(0)
	for _, w := range waves {
		if n := shared(truth, w); n > most {
			best, most, ok = w, n, true
		}
	}
	return best, ok
}

// mostShared is the true wave that a found one shares the most minutes with: a
// found wave that swallows two counts for one of them.
func mostShared(truth []Wave, w FoundWave) int {
	best := 0
	for i := range truth {
		if shared(&truth[i], w) > shared(&truth[best], w) {
			best = i
		}
	}
	return best
}
