package level

import "math"

// How a shift of the level is told from noise.
const (
	shiftTail   = 3.0   // standard deviations from which the tail is learned
	shiftShare  = 0.003 // belief: share of the buckets beyond it
	shiftExcess = 0.35  // belief: mean excess beyond it, a little above the normal law's
	shiftWeight = 30.0  // runs beyond it that the belief is worth
	shiftMost   = 8.0   // excess that one run teaches at most
	shiftClip   = 3.0   // standard deviations that one bucket may teach the noise
	shiftLooks  = 0.5   // in powers of ten: several windows are tried
	slotBelief  = 2.0   // visits that the common noise counts for in a quarter of the day
)

// shiftWindows are the lengths of mean that are tried.
var shiftWindows = [...]int{1, 3, Window}

// shift asks whether the mean of the last buckets is off what is expected by more
// than the noise of such means. It is what finds one outage as well as the next: its
// noise learns no outage, and its tail no more than a little of each.
type shift struct {
	n        int64
	noise    [len(shiftWindows)]float64 // variance of means
	run      int32                      // buckets since the tail was left
	rows     float64
	runs, xs float64 // runs in the tail, and their excess
	slot     [quarters]float32
	visits   [quarters]uint8
	sum      float64 // of the open quarter: deviation over noise
	count    int32
}

// score is -log10 of the chance of the most surprising mean; residuals are the last
// ones of the expert, the newest last.
func (s *shift) score(residuals []float64, quarter int, floor float64, learn bool) float64 {
	w := visitWeight[s.visits[quarter]]
	factor := (float64(s.slot[quarter])*w + slotBelief) / (w + slotBelief)
	top, sum := 0.0, 0.0
	for k, length := range shiftWindows {
		if length > len(residuals) {
			break
		}
		sum = 0
		for _, r := range residuals[len(residuals)-length:] {
			sum += r
		}
		m := math.Abs(sum) / float64(length)
		sd := math.Sqrt(s.noise[k])*factor + floor
		if s.n > warm {
			top = math.Max(top, m/sd)
		}
		if learn {
			m /= factor
			if s.n > warm {
				m = math.Min(m, shiftClip*math.Sqrt(s.noise[k])+floor)
			}
			s.noise[k] += (m*m - s.noise[k]) * math.Max(math.Ln2/scaleHalf, 1/float64(s.n+1))
		}
	}
	if learn {
		s.n++
		s.sum += math.Min(shiftClip, math.Abs(residuals[len(residuals)-1])/(math.Sqrt(s.noise[0])+floor))
		s.count++
	}
	score := 0.0
	if top > shiftTail && s.n > warm {
		share := (s.runs + shiftWeight) / (s.rows + shiftWeight/shiftShare)
		excess := (s.xs + shiftWeight*shiftExcess) / (s.runs + shiftWeight)
		score = math.Max(0, -math.Log10(share)+(top-shiftTail)/excess/math.Ln10-shiftLooks)
	}
	s.learnTail(top)
	return score
}

// learnTail counts a run beyond the start of the tail once, by its first bucket.
func (s *shift) learnTail(top float64) {
	keep := 1 - math.Ln2/tailHalf
	s.rows, s.runs, s.xs = s.rows*keep+1, s.runs*keep, s.xs*keep
	if top <= shiftTail {
		s.run++
		return
	}
	if s.run >= runGap {
		s.runs++
		s.xs += math.Min(shiftMost, top-shiftTail)
	}
	s.run = 0
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

// pointers are the numbers that are saved.
func (s *shift) pointers() []*float64 {
	p := []*float64{&s.rows, &s.runs, &s.xs, &s.sum}
	for k := range s.noise {
		p = append(p, &s.noise[k])
	}
	return p
}
