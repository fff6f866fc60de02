package places

import (
	"math"

	"faultline/outage"
)

// ringLen is how many minutes are remembered: the longest window, a quarter hour that
// is learned an hour late, and the way back to an onset.
const ringLen = 128

// Marks of a minute.
const (
	seen uint8 = 1 << iota // somebody listened
	held                   // must not be learned
)

// Beat is what the places of a service are held against: what was expected of the
// service as a whole in each of the last minutes, and how sure that was.
type Beat struct {
	Begin, Now outage.Minute // first and last minute taken; Begin 0: none
	expected   [ringLen]float64
	mark       [ringLen]uint8
	looked     int64   // minutes in which somebody listened
	common     float64 // relative variance of one minute of the whole around its expectation
}

// Look is one minute of the service as a whole.
type Look struct {
	Minute     outage.Minute
	Expected   float64 // of all its reports
	Dispersion float64 // variance over mean of that minute
	Held       bool    // the service is in an episode: nothing is learned
}

func at(m outage.Minute) int { return int(m & (ringLen - 1)) }

// Take takes the next minute in which somebody listened; those since the last one
// count as minutes in which nobody did.
func (b *Beat) Take(l Look) {
	b.Miss(l.Minute - 1)
	mark := seen
	if l.Held {
		mark |= held
	}
	b.push(l.Minute, math.Max(0, l.Expected), mark)
	b.looked++
	if l.Expected > 0 {
		b.common = math.Max(0, l.Dispersion-1) / l.Expected
	}
}

// Miss says that nobody listened from the last minute taken up to m.
func (b *Beat) Miss(m outage.Minute) {
	if b.Begin == 0 {
		return
	}
	for i := max(b.Now+1, m-ringLen+1); i <= m; i++ {
		b.push(i, 0, 0)
	}
}

func (b *Beat) push(m outage.Minute, expected float64, mark uint8) {
	if b.Begin == 0 {
		b.Begin = m
	}
	b.expected[at(m)], b.mark[at(m)], b.Now = expected, mark, m
}

// hold keeps the minutes from..to from being learned.
func (b *Beat) hold(from, to outage.Minute) {
	for m := max(from, b.Now-ringLen+1, b.Begin); m <= min(to, b.Now); m++ {
		b.mark[at(m)] |= held
	}
}

// sum is what was expected of the whole in the minutes from..to that were seen.
func (b *Beat) sum(from, to outage.Minute) float64 {
	sum := 0.0
	for m := max(from, b.Now-ringLen+1, b.Begin); m <= to; m++ {
		sum += b.expected[at(m)]
	}
	return sum
}

// blind is how many minutes before the newest one nobody listened in.
func (b *Beat) blind() int {
	n := 0
	for m := b.Now - 1; m > b.Now-ringLen && m >= b.Begin && b.mark[at(m)]&seen == 0; m-- {
		n++
	}
	return n
}

// Known says whether somebody listened for so many minutes.
func (b *Beat) Known(minutes int) bool { return b.looked >= int64(minutes) }
