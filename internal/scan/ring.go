package scan

import "math"

// Sizes of the ring.
const (
	ringLen = 128         // slots; a power of two
	kept    = ringLen - 1 // buckets that are remembered: above delay + two units
)

// ring remembers the last buckets of a series as running sums, of which only
// differences mean anything: those are exact whatever the sums began with, so a
// restored series goes on bit for bit.
type ring struct {
	now      int64   // last bucket taken
	scale    float64 // units of an expectation in one event, a power of two
	mark     [ringLen]uint8
	counts   [ringLen]uint32
	means    [ringLen]uint32
	attempts []uint64 // of rates only
}

// Range of an expectation in its units: the highest of the ring lies in it, so
// that sixty of them do not overflow, and a smaller one keeps enough digits.
const (
	finest   = 22
	coarsest = 25
)

// at is the slot of a bucket.
func at(idx int64) int64 { return idx & (ringLen - 1) }

// count is what a bucket had.
func (r *ring) count(idx int64) uint32 { return r.counts[at(idx)] - r.counts[at(idx-1)] }

// units is what was expected of a bucket, in the ring's units.
func (r *ring) units(idx int64) uint32 { return r.means[at(idx)] - r.means[at(idx-1)] }

// expect is what was expected of a bucket.
func (r *ring) expect(idx int64) float64 { return float64(r.units(idx)) / r.scale }

// exposure is how much there was to count in a bucket.
func (r *ring) exposure(idx int64) float64 {
	if r.attempts != nil {
		return float64(r.attempts[at(idx)] - r.attempts[at(idx-1)])
	}
	return 1
}

// put adds the next bucket.
func (r *ring) put(n, attempts uint32, mean float64, mark uint8) {
	r.now++
	i, before := at(r.now), at(r.now-1)
	r.counts[i] = r.counts[before] + n
	r.mark[i] = mark
	if r.attempts != nil {
		r.attempts[i] = r.attempts[before] + uint64(attempts)
	}
	r.means[i] = r.means[before]
	if mean > 0 {
		if mean*r.scale >= 1<<coarsest {
			r.fit(mean)
		}
		r.means[i] += uint32(mean * r.scale)
	}
}

// fit changes the units so that a mean, and those in the ring, have as many digits
// as there is room for.
func (r *ring) fit(mean float64) {
	for i := r.now - kept + 1; i <= r.now; i++ {
		mean = math.Max(mean, r.expect(i))
	}
	if mean <= 0 {
		return
	}
	e := finest - math.Ilogb(mean)
	const limit = 100 // beyond, a mean is nothing, or more than a count can be
	r.remake(math.Ldexp(1, max(-limit, min(limit, e))), func(_ int64, mean float64) float64 { return mean })
}

// remake gives every bucket another expectation, in other units.
func (r *ring) remake(scale float64, f func(idx int64, mean float64) float64) {
	old, before := r.means, r.scale
	r.scale = scale
	first := r.now - kept + 1
	r.means[at(first-1)] = 0
	for i := first; i <= r.now; i++ {
		mean := f(i, float64(old[at(i)]-old[at(i-1)])/before)
		r.means[at(i)] = r.means[at(i-1)] + uint32(math.Min(1<<coarsest, mean*scale))
	}
}

// clear makes every bucket one without events, expected to have none.
func (r *ring) clear(now int64, mark uint8) {
	r.now = now
	r.counts, r.means = [ringLen]uint32{}, [ringLen]uint32{}
	for i := range r.mark {
		r.mark[i] = mark
	}
	clear(r.attempts)
}

// back gives the window of a length that ends with a bucket.
func (r *ring) back(idx int64, length int) window {
	i, j := at(idx), at(idx-int64(length))
	w := window{length: length}
	w.n = float64(r.counts[i] - r.counts[j])
	w.mean = float64(r.means[i]-r.means[j]) / r.scale
	if r.attempts != nil {
		w.attempts = float64(r.attempts[i] - r.attempts[j])
	}
	return w
}
