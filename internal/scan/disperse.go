package scan

import "math"

// dispersion is what was learned of the noise: that the variance of a bucket with
// mean m is m (1 + clump + slope m). A clump is people who report together, slope
// is noise that multiplies the mean. The two are told apart by the hours of the
// day that have different means, as a weighted regression on discounted sums.
type dispersion struct {
	s11, s12, s22 float32 // of the weighted design: events, events by mean
	t1, t2        float32 // the same with the squared residuals beyond Poisson
	wideN, wideD  float32 // squares of quarters over what minutes make expect
}

// noise is what the buckets of a unit say of dispersion: the squares of their
// residuals around the unit's own mean, and what a Poisson series would give.
type noise struct{ squares, events float64 }

// learnFine takes in a unit whose buckets are expected to hold m on average.
func (d *dispersion) learnFine(u noise, m, keep float64) {
	k, events := float32(keep), u.events
	// The square of a bucket varies by about 2 m^2, and by its clumps where it is
	// small: that is what a unit's word is worth.
	w := 0.5 / (m + clumpRidge)
	excess := u.squares - events
	d.s11 = d.s11*k + float32(w*events)
	d.s12 = d.s12*k + float32(w*events*m)
	d.s22 = d.s22*k + float32(w*events*m*m)
	d.t1 = d.t1*k + float32(w*excess)
	d.t2 = d.t2*k + float32(w*excess*m)
}

// law is the clump and the slope. Where the means do not differ the belief decides
// how the excess is shared.
func (d *dispersion) law() (clump, slope float64) {
	s11, s12, s22 := float64(d.s11), float64(d.s12), float64(d.s22)
	at := s12 / math.Max(s11, 1e-9) // the mean it was learned at
	own := dispersionWeight * (at*at + 1)
	s11, s22 = s11+dispersionWeight, s22+own
	t1, t2 := float64(d.t1)+dispersionWeight*clumpPrior, float64(d.t2)+own*scalePrior
	det := s11*s22 - s12*s12
	clump, slope = (t1*s22-t2*s12)/det, (t2*s11-t1*s12)/det
	if clump < 0 {
		clump, slope = 0, t2/s22
	} else if slope < 0 {
		clump, slope = t1/s11, 0
	}
	return math.Max(clumpFloor, clump), math.Max(scaleFloor, slope)
}

// fine is variance over mean of a bucket with mean m, taken some standard errors
// above its estimate.
func (d *dispersion) fine(m float64) float64 {
	clump, slope := d.law()
	return 1 + (clump+slope*m)*(1+dispersionDoubt/math.Sqrt(dispersionWeight+d.freedom(clump)))
}

// freedom is how much the law rests on. Of clumps there are fewer than of events.
func (d *dispersion) freedom(clump float64) float64 {
	return float64(d.s11) / ((1 + clump) * (1 + clump))
}

// learnWide compares the inner quarters of an hour with their neighbours: a
// second difference of values, which no even rise moves, against that of events.
func (d *dispersion) learnWide(value, events [groupUnits]float32, phi, keep float64) {
	d.wideN *= float32(keep)
	d.wideD *= float32(keep)
	for i := 1; i < groupUnits-1; i++ {
		l, c, r := float64(events[i-1]), float64(events[i]), float64(events[i+1])
		x := float64(value[i-1] - 2*value[i] + value[i+1])
		if expect := phi * (l + 4*c + r); expect > 0 {
			w := expect / (expect + 6*wideWeight)
			d.wideN += float32(w * x * x / expect)
			d.wideD += float32(w)
		}
	}
}

// wide is how much more quarters vary than their minutes make expect.
func (d *dispersion) wide() float64 {
	return math.Max(1, ratio(1, wideWeight, float64(d.wideN), float64(d.wideD)))
}
