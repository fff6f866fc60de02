package level

import "math"

// Shape of a tail. Bins are spaced by an eighth of an octave: over six octaves above
// a channel's floor that is as fine as the tail's slope needs.
const (
	tailBins   = 48
	binsOctave = 8.0
	tailHalf   = 5000.0 // observations after which one weighs half
	tailFrom   = 0.007  // share of the observations that make the tail
	tailSlope  = 0.12   // belief: mean of log(z/start) in the tail, as a normal law has it
	tailWeight = 20.0   // observations in the tail that the belief is worth
	runGap     = 10     // observations outside the tail that end a run in it
	tailEvery  = 8      // observations after which the start is found anew
	firstBin   = 0.189  // z squared over the floor squared, below which all is in the first bin
	tailBeyond = 32.0   // bins beyond the last that still raise the score
)

// tailGrow is how much more the next observation weighs, tailKeep what is left of the
// weight of those before.
var (
	tailGrow = math.Exp2(1 / tailHalf)
	tailKeep = math.Exp2(-1 / tailHalf)
)

// tail learns the upper tail of a channel's own past: a histogram with forgetting of
// log z, of whose runs in the tail only the highest counts, and a Pareto law beyond.
type tail struct {
	bin       [tailBins]float32
	sum       float64 // of the bins
	weight    float64 // of the next observation
	seen      int64
	start     int32   // first bin of the tail
	share     float64 // of the observations that begin a run there
	slope     float64 // mean of log(z/start) there
	run       int32   // bin of the highest of the run, 0 outside
	runWeight float64 // with which it was counted
	quiet     int32   // observations since the run was in the tail
}

// take is the score of z, and learns it. Values below the floor are not told apart.
func (t *tail) take(z, floor float64) float64 {
	if t.weight == 0 {
		t.weight = 1
	}
	l := 0.0
	if y := z * z / (floor * floor); y > firstBin {
		l = min(binsOctave/2*math.Log2(1+y), tailBins+tailBeyond)
	}
	score := 0.0
	if t.seen > warm && l > float64(t.start) {
		if t.find(); l > float64(t.start) {
			score = (math.Log(1/t.share) + (l-float64(t.start))*math.Ln2/binsOctave/t.slope) / math.Ln10
		}
	}
	t.flock(min(int32(l), tailBins-1))
	return score
}

// flock learns an observation; of a run of neighbours in the tail only the highest
// counts, for they are one event.
func (t *tail) flock(bin int32) {
	if t.seen <= warm || bin < t.start {
		t.learn(int(bin))
		if t.quiet++; t.quiet >= runGap {
			t.run = 0
		}
		return
	}
	t.quiet = 0
	switch {
	case t.run == 0:
		t.run, t.runWeight = bin, t.weight*tailGrow
		t.learn(int(bin))
	case bin > t.run:
		t.bin[t.run] = max(0, t.bin[t.run]-float32(t.runWeight))
		t.bin[bin] += float32(t.runWeight)
		t.run = bin
	}
}

// learn counts an observation in its bin.
func (t *tail) learn(bin int) {
	t.weight *= tailGrow
	t.bin[bin] += float32(t.weight)
	t.sum += t.weight
	if t.seen++; t.seen%tailEvery == 0 || t.seen == warm+1 {
		t.find()
	}
	const heavy = 1e15 // far from what a float32 holds
	if t.weight > heavy {
		for i := range t.bin {
			t.bin[i] /= heavy
		}
		t.sum /= heavy
		t.weight /= heavy
	}
}

// find looks for the start of the tail, its share and its slope.
func (t *tail) find() {
	most := tailFrom * (t.sum + warm*t.weight)
	share, slope := 0.0, 0.0
	i := tailBins - 1
	for ; i > 0; i-- {
		n := float64(t.bin[i])
		if share+n > most {
			break
		}
		// Seen from each bin further down, all that lies above is a bin further off.
		slope += share + n/2
		share += n
	}
	t.start = int32(i + 1)
	t.slope = (slope*math.Ln2/binsOctave + t.weight*tailWeight*tailSlope) / (share + t.weight*tailWeight)
	t.share = (share + t.weight) / (t.sum + t.weight)
}
