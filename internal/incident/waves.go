package incident

import (
	"math"
	"slices"

	"faultline/internal/onset"
	"faultline/outage"
)

// Shape of a wave. Shares are of the wave's peak, both as smoothed excess.
const (
	endShare      = 0.20 // a wave is over below this share of its peak ...
	lastsShare    = 0.30 // ... and significantly below this one, so that a plateau here lasts
	endChance     = 0.0002
	endMinutes    = 3    // minutes in a row that have to say so
	faintMinutes  = 15   // minutes without an alarm that end a wave whatever the counts say
	riseRatio     = 2.0  // a new wave is at least this many times its trough ...
	towerRatio    = 5.0  // a rise within a wave that has so many times the excess of the half hour before it
	returnShare   = 0.5  // ... or back at this share of the last peak
	riseChanceMax = 1e-6 // ... and the count test must be as sure as this
	troughMinutes = 30   // the trough is the rate of up to so many minutes before the rise
	troughLeast   = 5
	steadyCount   = 50 // a smoothing window long enough holds so many independent reports at the peak
	keptMinutes   = 120
)

// Smoothing windows in minutes, shortest first: a large service is judged by
// five minutes, one with few reports by half an hour.
var smoothing = [...]int{5, 10, 15, 30}

// Windows in which a rise is looked for.
var rising = [...]int{3, 5, 10, 20}

// sample is what one listening minute showed.
type sample struct {
	Minute   outage.Minute `json:"m"`
	Count    float64       `json:"n"`
	Expected float64       `json:"e"`
}

func (s sample) excess() float64 { return s.Count - s.Expected }

// whole is the count as a number of reports.
func (s sample) whole() int { return max(0, int(math.Round(s.Count))) }

// tracker follows the waves of one incident. Its fields are its saved state.
type tracker struct {
	Samples []sample `json:"samples"`
	// Peaks holds the highest smoothed excess of the wave by smoothing window.
	Peaks [len(smoothing)]float64 `json:"peaks"`
	Onset outage.Minute           `json:"onset"` // of the wave
	Low   int                     `json:"low"`   // minutes in a row that looked like the end
	Faint int                     `json:"faint"` // minutes in a row without an alarm
	// Dispersion is that of the service's baseline.
	Dispersion float64 `json:"dispersion"`
}

// add takes in a minute and, while a wave lasts, moves its peaks.
func (t *tracker) add(s sample, inWave bool) {
	if len(t.Samples) == keptMinutes {
		t.Samples = slices.Delete(t.Samples, 0, 1)
	}
	t.Samples = append(t.Samples, s)
	if !inWave {
		return
	}
	for i, w := range smoothing {
		t.Peaks[i] = max(t.Peaks[i], t.smoothed(w))
	}
}

// begin forgets the last wave's peaks and takes those of the samples from onset on.
func (t *tracker) begin(onset outage.Minute) {
	t.Peaks, t.Onset, t.Low, t.Faint = [len(smoothing)]float64{}, onset, 0, 0
	first := t.since(onset)
	all := t.Samples
	for n := first + 1; n <= len(all); n++ {
		t.Samples = all[first:n]
		for i, w := range smoothing {
			t.Peaks[i] = max(t.Peaks[i], t.smoothed(w))
		}
	}
	t.Samples = all
}

// since is the index of the first sample at or after m.
func (t *tracker) since(m outage.Minute) int {
	i, _ := slices.BinarySearchFunc(t.Samples, m, func(s sample, m outage.Minute) int { return int(s.Minute - m) })
	return i
}

// last returns the newest w samples, fewer when there are not so many.
func (t *tracker) last(w int) []sample { return t.Samples[max(0, len(t.Samples)-w):] }

// smoothed is the mean excess of the last w minutes; minutes before the first
// sample count as quiet.
func (t *tracker) smoothed(w int) float64 {
	sum := 0.0
	for _, s := range t.last(w) {
		sum += s.excess()
	}
	return sum / float64(w)
}

// peakRate is the wave's highest smoothed excess per minute, in the shortest
// window that held enough reports to be steady.
func (t *tracker) peakRate() float64 {
	for i, w := range smoothing {
		phi := overdispersion(t.Dispersion, t.Peaks[i])
		if t.Peaks[i]*float64(w) >= steadyCount*phi {
			return t.Peaks[i]
		}
	}
	return t.Peaks[len(smoothing)-1]
}

// over says whether the wave has ended with this minute. alarm says whether any
// series of the service is outside its baseline.
func (t *tracker) over(alarm bool) bool {
	if alarm {
		t.Faint = 0
	} else {
		t.Faint++
	}
	if t.looksOver() {
		t.Low++
	} else {
		t.Low = 0
	}
	return t.Low >= endMinutes || t.Faint >= faintMinutes
}

// looksOver asks every smoothing window whether the excess is under endShare of
// the peak and could hardly be so if lastsShare of it were still coming in.
func (t *tracker) looksOver() bool {
	peak := t.peakRate()
	for _, w := range smoothing {
		win := t.last(w)
		if len(win) < w || win[0].Minute < t.Onset {
			return false // what lies before the wave says nothing of its end
		}
		now, base := total(win)
		length := float64(w)
		if now-base > lastsShare*peak*length {
			return false // so much comes in now, whatever longer windows hold
		}
		if now-base > endShare*peak*length {
			continue
		}
		lasting := base + lastsShare*peak*length
		if belowChance(now, lasting, overdispersion(t.Dispersion, lasting/length)) < endChance {
			return true
		}
	}
	return false
}

// end back-dates the end of a wave that is over: the first minute after its peak
// from which on the excess has stayed below endShare of the peak.
func (t *tracker) end(peak outage.Minute) outage.Minute {
	from := t.since(peak + 1)
	level := endShare * t.peakRate()
	below := make([]float64, 0, len(t.Samples)-from)
	for _, s := range t.Samples[from:] {
		below = append(below, -s.excess())
	}
	at := from + changePoint(below, -level)
	if at >= len(t.Samples) {
		return t.Samples[len(t.Samples)-1].Minute + 1
	}
	return t.Samples[at].Minute
}

// rise says whether a new wave has begun since the last one's end, and when.
func (t *tracker) rise(end outage.Minute) (onset outage.Minute, ok bool) {
	peak := t.peakRate()
	calm := t.Samples[t.since(end):]
	for _, w := range rising {
		if len(calm) < w+troughLeast {
			return 0, false
		}
		cut := len(calm) - w
		before := calm[max(0, cut-troughMinutes):cut]
		if !t.rises(before, calm[cut:], peak) {
			continue
		}
		return t.onset(before, calm[cut:]), true
	}
	return 0, false
}

// towers says whether a rise is on that leaves what the wave was so far below a
// fifth, and when it began. A weak beginning, a drift of the day even, must not date
// an outage.
func (t *tracker) towers() (onset outage.Minute, ok bool) {
	const window = 5
	cut := len(t.Samples) - window
	from := max(cut-troughMinutes, t.since(t.Onset))
	if cut-from < troughMinutes {
		return 0, false
	}
	before, now := t.Samples[from:cut], t.Samples[cut:]
	n0, e0 := total(before)
	n1, e1 := total(now)
	if (n1-e1)/window < towerRatio*max(0, n0-e0)/troughMinutes || !t.rises(before, now, math.Inf(1)) {
		return 0, false
	}
	return t.onset(before, now), true
}

// rises tests one window against the trough before it: by its size and by counts.
func (t *tracker) rises(before, window []sample, peak float64) bool {
	n0, e0 := total(before)
	n1, e1 := total(window)
	trough := span{max(n0, e0), float64(len(before))}
	now := span{n1, float64(len(window))}
	excess := (n1 - e1) / now.minutes
	large := now.rate() >= riseRatio*trough.rate() && excess >= riseRatio*max(0, n0-e0)/trough.minutes
	if !large && excess < returnShare*peak {
		return false
	}
	return riseChance(trough, now, overdispersion(t.Dispersion, now.rate())) < riseChanceMax
}

// onset back-dates a new wave to the foot of its rise from the trough, among the
// minutes of the trough and of the window that shows it.
func (t *tracker) onset(before, window []sample) outage.Minute {
	n0, e0 := total(before)
	trough := math.Max(math.Max(n0, e0)/float64(len(before)), leastTrough)
	all := append(slices.Clone(before), window...)
	s := onset.Series{Dispersion: t.Dispersion, Spread: troughSpread}
	for _, v := range all {
		s.Count = append(s.Count, v.Count)
		s.Mean = append(s.Mean, trough)
	}
	return all[s.Median(len(all))].Minute
}

// What is believed of a trough before it was seen: reports a minute that it has at
// least, and the relative variance of its level.
const (
	leastTrough  = 0.02
	troughSpread = 0.25
)

// total sums reports and expected ones.
func total(samples []sample) (n, expected float64) {
	for _, s := range samples {
		n += s.Count
		expected += s.Expected
	}
	return n, expected
}
