package level

import "math"

// How a shift of the level is told from noise. What one run may teach the tail grows
// with the fourth power of how often runs come: rare outages teach it next to nothing,
// and spikes that come every hour all that they are.
const (
	shiftTail   = 3.0   // standard deviations from which the tail is learned
	shiftShare  = 0.003 // belief: runs beyond it for each bucket
	shiftExcess = 0.12  // belief: mean of log(z/shiftTail) beyond it, as a normal law has it
	shiftWeight = 30.0  // runs that the belief is worth
	shiftMost   = 0.7   // excess that one run teaches at most where runs are as rare as believed
	shiftClip   = 3.0   // standard deviations that one bucket may teach the noise
	shiftReach  = 8.0   // standard deviations that one bucket may move the fading mean
	shiftFade   = 0.07  // of the distance to the newest residual, in the fading mean
	shiftLooks  = 0.5   // powers of ten that trying several means costs
	shiftFloor  = 0.25  // of the mean deviation, nothing cut, that is no shift
	slotBelief  = 2.0   // visits that the common noise counts for in a quarter of the day
	looks       = 4     // means of 1, 3 and Window buckets, and the fading one
)

// lengths are the buckets of the plain means.
var lengths = [looks - 1]int{1, 3, Window}

// shift asks whether the mean of the last buckets is off what is expected by more
// than the noise of such means. It is what finds one outage as well as the next: its
// noise learns no outage, and its tail no more than a little of each.
type shift struct {
	n      int64
	rows   float64 // buckets, with forgetting
	fading float64 // mean of the residuals that fades
	look   [looks]look

	slot   [quarters]float32 // noise of a quarter of the day over the common noise
	visits [quarters]uint8
	sum    float64 // of the open quarter: deviation over noise
	count  int32
}

// look is one of the means that are tried.
type look struct {
	variance float64
	runs     float64 // beyond the start of the tail, with forgetting
	excess   float64 // theirs
	told     float64 // excess of the newest run
	calm     int32   // buckets since the last one
}

// steady is how much of the noise of one bucket a mean has when buckets are
// independent.
var steady = [looks]float64{1, 0.58, 0.41, 0.19}

// floors are what no shift is smaller than: of every mean, and of single buckets.
type floors struct{ any, single float64 }

// score is -log10 of the chance of the most surprising mean; residuals are the last
// ones of the expert, the newest last.
func (s *shift) score(residuals []float64, quarter int, floor floors, learn bool) float64 {
	w := visitWeight[s.visits[quarter]]
	factor := (float64(s.slot[quarter])*w + slotBelief) / (w + slotBelief)
	s.rows = s.rows*tailKeep + 1
	newest := len(residuals) - 1
	top, sum, done := 0.0, 0.0, 0
	for k, length := range lengths {
		if length > len(residuals) {
			break
		}
		for ; done < length; done++ {
			sum += residuals[newest-done]
		}
		top = max(top, s.take(k, math.Abs(sum)/float64(length)/factor, floor.of(k)/factor, learn))
	}
	sd := math.Sqrt(s.look[0].variance)
	reach := shiftReach*sd*factor + floor.of(0)
	s.fading += (max(-reach, min(reach, residuals[newest])) - s.fading) * shiftFade
	top = max(top, s.take(looks-1, math.Abs(s.fading)/factor, floor.of(looks-1)/factor, learn))
	if learn {
		s.n++
		s.sum += min(shiftClip, math.Abs(residuals[newest])/(sd+floor.of(0)))
		s.count++
	}
	return max(0, top-shiftLooks)
}

// of is the floor of a mean.
func (f floors) of(k int) float64 { return f.any + f.single*steady[k] }

// take is the score of one mean, and learns it.
func (s *shift) take(k int, mean, floor float64, learn bool) float64 {
	l := &s.look[k]
	sd := math.Sqrt(l.variance)
	l.runs, l.excess = l.runs*tailKeep, l.excess*tailKeep
	l.calm = min(l.calm+1, runGap+1)
	score := 0.0
	if z := mean / (sd + floor); z > shiftTail && s.n > warm {
		share := (l.runs + shiftWeight) / (s.rows + shiftWeight/shiftShare)
		excess := (l.excess + shiftWeight*shiftExcess) / (l.runs + shiftWeight)
		score = -math.Log10(share) + math.Log(z/shiftTail)/excess/math.Ln10
		if l.calm > runGap { // a run counts once, by its highest
			l.runs++
			l.told = 0
		}
		often := share / shiftShare
		often *= often
		if e := min(shiftMost*often*often, math.Log(z/shiftTail)); e > l.told {
			l.excess += e - l.told
			l.told = e
		}
		l.calm = 0
	}
	if learn {
		if s.n > warm {
			mean = min(mean, shiftClip*sd+floor)
		}
		l.variance += (mean*mean - l.variance) * max(math.Ln2/scaleHalf, 1/float64(s.n+1))
	}
	return score
}

// close teaches a quarter of the day how noisy it was.
func (s *shift) close(quarter int) {
	if s.count > 0 {
		const typical = 0.8 // mean deviation over standard deviation of the normal law
		w := visitWeight[s.visits[quarter]] * slotKeep
		s.slot[quarter] = float32((float64(s.slot[quarter])*w + s.sum/float64(s.count)/typical) / (w + 1))
		s.visits[quarter] = min(s.visits[quarter]+1, maxVisits)
	}
	s.sum, s.count = 0, 0
}
