package demo

import "faultline/outage"

// Times of the day that is rebuilt, in minutes since its midnight UTC.
const (
	minutesOfDay = 24 * 60
	fadeEnd      = 26 * 60 // when the last of the surge is gone
	bucket       = 15      // width of a published bucket, which its start labels
)

func hm(h, m int) int { return h*60 + m }

// knot is a point of a shape: minutes since midnight and height, 1 at the peak.
type knot struct {
	at    int
	level float64
}

// wave is one rise and fall as the generator makes it. Between knots the height
// is a straight line; over the first minutes (Options.Ramp) it is scaled up from 0.
type wave struct {
	onset int
	knots []knot
	gb    []knot // nil: as everybody
	// US, GB and IN name the published buckets that scale the wave; a bucket
	// without a figure takes the ratio to the United States of fallback.
	us, gbFig, inFig int // start of the bucket, -1: none
}

// waves are the three of the day. Heights between the published buckets are
// assumptions; docs/demo.md compares what comes out with every figure.
var waves = [...]wave{
	{
		onset: hm(9, 30), us: hm(9, 41), gbFig: hm(10, 0), inFig: hm(9, 50),
		knots: []knot{
			{hm(9, 30), .60}, {hm(9, 43), .82}, {hm(9, 48), 1}, {hm(9, 56), .80}, {hm(10, 10), .35}, {hm(10, 24), .14},
			{hm(10, 40), .07}, {hm(13, 30), .04}, {hm(14, 0), 0},
		},
		gb: []knot{
			{hm(9, 30), .45}, {hm(9, 48), .70}, {hm(10, 5), 1}, {hm(10, 15), .85}, {hm(10, 30), .30}, {hm(10, 45), .10},
			{hm(13, 30), .05}, {hm(14, 0), 0},
		},
	},
	{
		onset: hm(13, 30), us: hm(14, 11), gbFig: hm(13, 55), inFig: -1,
		knots: []knot{
			{hm(13, 30), .62}, {hm(13, 45), .80}, {hm(14, 10), .85}, {hm(14, 16), 1}, {hm(14, 20), .92}, {hm(14, 26), .65},
			{hm(14, 32), .28}, {hm(14, 40), .08}, {hm(15, 0), .05}, {hm(15, 30), 0},
		},
	},
	{
		onset: hm(15, 0), us: hm(15, 11), gbFig: -1, inFig: -1,
		knots: []knot{
			{hm(15, 0), .66}, {hm(15, 11), .88}, {hm(15, 18), 1}, {hm(15, 26), .86}, {hm(15, 45), .72}, {hm(16, 0), .52},
			{hm(16, 50), .50}, {hm(17, 12), .30}, {hm(17, 30), .29}, {hm(17, 45), .325}, {hm(18, 5), .32}, {hm(18, 30), .18},
			{hm(19, 30), .11}, {hm(21, 0), .06}, {hm(24, 0), .02}, {fadeEnd, 0},
		},
	},
}

// height is the shape of a wave at a minute, before scaling.
func (w *wave) height(knots []knot, minute, delay, ramp int) float64 {
	at := minute - delay
	if at < w.onset {
		return 0
	}
	h := 0.0
	for i := 1; i < len(knots); i++ {
		a, b := knots[i-1], knots[i]
		if at < b.at {
			h = a.level + (b.level-a.level)*(float64(at-a.at)+0.5)/float64(b.at-a.at)
			break
		}
	}
	if since := at - w.onset; since < ramp {
		h *= (float64(since) + 0.5) / float64(ramp)
	}
	return h
}

// surge holds the mean of the surge by country and minute of the day.
type surge struct {
	mean [len(countries)][fadeEnd]float64
	// scale is the mean per minute at height 1, by wave and country.
	scale [len(waves)][len(countries)]float64
}

// fitter scales the shapes to the published figures.
type fitter struct {
	figures []Figure
	ramp    int
	// quiet is the mean of X's background by country and minute of the day.
	quiet func(country, minute int) float64
	*surge
}

// fit returns the surge that the figures ask for.
func (f *fitter) fit() *surge {
	us, gb, in := indexOf("US"), indexOf("GB"), indexOf("IN")
	for k := range waves {
		w := &waves[k]
		f.scale[k][us] = f.scaleTo(k, us, w.us)
		f.scale[k][gb] = f.scaleTo(k, gb, w.gbFig)
		f.scale[k][in] = f.scaleTo(k, in, w.inFig)
		for _, c := range []int{gb, in} {
			if f.scale[k][c] == 0 { // no figure: the ratio of the wave before
				f.scale[k][c] = f.scale[k][us] * f.scale[k-1][c] / f.scale[k-1][us]
			}
		}
	}
	f.fill(f.ramp)
	f.share(float64(figureOf(f.figures, "world", "day", 0)))
	return f.surge
}

// scaleTo finds the scale of wave k with which the country's published bucket
// comes out, beside its background and what is left of the waves before; 0 when
// there is no figure.
func (f *fitter) scaleTo(k, c, start int) float64 {
	if start < 0 {
		return 0
	}
	shape, other := 0.0, 0.0
	for m := start; m < start+bucket; m++ {
		shape += waves[k].height(waves[k].knotsOf(c), m, countries[c].delay, f.ramp)
		other += f.quiet(c, m) + f.meanOf(k, c, m, f.ramp)
	}
	return (float64(figureOf(f.figures, countries[c].code, "bucket", start)) - other) / shape
}

func (w *wave) knotsOf(c int) []knot {
	if w.gb != nil && countries[c].code == "GB" {
		return w.gb
	}
	return w.knots
}

// meanOf is the mean of the first n waves in a country.
func (s *surge) meanOf(n, c, minute, ramp int) float64 {
	mean := 0.0
	for k := range waves[:n] {
		w := &waves[k]
		mean += s.scale[k][c] * w.height(w.knotsOf(c), minute, countries[c].delay, ramp)
	}
	return mean
}

// fill computes the means from the scales.
func (s *surge) fill(ramp int) {
	for c := range countries {
		for m := range fadeEnd {
			s.mean[c][m] = s.meanOf(len(waves), c, m, ramp)
		}
	}
}

// share gives the countries without figures what is missing to the day's total,
// by their weights and with the waves of the United States.
func (f *fitter) share(day float64) {
	us := indexOf("US")
	have, unit := 0.0, 0.0
	for c := range countries {
		for m := range minutesOfDay {
			have += f.mean[c][m] + f.quiet(c, m)
			for k := range waves {
				h := waves[k].height(waves[k].knots, m, countries[c].delay, f.ramp)
				unit += countries[c].rest * f.scale[k][us] * h
			}
		}
	}
	for c := range countries {
		if countries[c].rest == 0 {
			continue
		}
		for k := range waves {
			f.scale[k][c] = f.scale[k][us] * countries[c].rest * (day - have) / unit
		}
	}
	f.fill(f.ramp)
}

// onsetOf is when a wave reaches a country.
func onsetOf(k, c int) outage.Minute {
	return Day + outage.Minute(waves[k].onset+countries[c].delay)
}
