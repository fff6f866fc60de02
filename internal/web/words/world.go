package words

import "faultline/outage"

// World is how far the counting has come.
type World struct {
	Closed Moment // last closed minute
	Known  bool   // false: not one minute has been closed yet
	Behind string // how far the counting lags, "" while it keeps up
}

// lagTolerance is how far the last closed minute may lie behind the clock before
// a page says so: below it, the lag is the normal way of a minute through the line.
const lagTolerance outage.Minute = 5

// WorldOf describes how far the counting has come at the world's minute now.
func WorldOf(closed, now outage.Minute) World {
	if closed == 0 {
		return World{}
	}
	w := World{Closed: At(closed, closed), Known: true}
	if lag := now - closed; lag > lagTolerance {
		w.Behind = Span(lag)
	}
	return w
}
