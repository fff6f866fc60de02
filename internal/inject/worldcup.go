package inject

import (
	"fmt"
	"math"
	"time"

	"faultline/internal/scan"
	"faultline/outage"
)

// Finding is one episode of a recorded series, for reading.
type Finding struct {
	Onset, First, Peak, End outage.Minute // End: first bucket after it; of one that is open, the recording's end
	PeakValue, Expected     float64       // in the bucket of the peak
	Effect                  float64       // strongest of its buckets: times the expectation, or standard deviations of a value
	Score                   float64
}

// Rise is a rise that must be found, and when it was.
type Rise struct {
	Day outage.Minute // the day's first minute
	// Begin is the first minute of the day with five minutes that hold twice as much
	// a minute as the hour before them.
	Begin outage.Minute
	Found *Finding // nil: not found
}

// Delay is minutes from the rise's begin to its first alarm.
func (r *Rise) Delay() outage.Minute { return r.Found.First - r.Begin }

// worldCupDays are the days whose rises must be found.
var worldCupDays = [...]string{"1998-06-30", "1998-07-07"}

// A rise counts as found when an alarm is raised from riseEarly minutes before its
// begin to riseLate minutes after it.
const riseEarly, riseLate = 30, 60

// WorldCup passes the requests of a minute through the detector of a kind (counts,
// or the same numbers as values), with its default configuration. It lists every
// finding and says which of them are the rises that must be found.
func WorldCup(b *Background, kind scan.Kind) ([]Finding, []Rise, error) {
	found, err := findings(b, kind)
	if err != nil {
		return nil, nil, err
	}
	var rises []Rise
	for _, day := range worldCupDays {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return nil, nil, fmt.Errorf("read the day of a rise: %w", err)
		}
		r := Rise{Day: outage.MinuteOf(at)}
		var ok bool
		if r.Begin, ok = b.rise(r.Day); !ok {
			continue
		}
		for i := range found {
			if d := found[i].First - r.Begin; d >= -riseEarly && d <= riseLate && r.Found == nil {
				r.Found = &found[i]
			}
		}
		rises = append(rises, r)
	}
	return found, rises, nil
}

// rise finds the begin of a day's rise in the counts themselves.
func (b *Background) rise(day outage.Minute) (outage.Minute, bool) {
	const hour, few, factor = 60, 5, 2
	first := int((day - b.Begin) / b.Step)
	for i := max(first, hour); i < first+int(outage.Day/b.Step) && i+few <= len(b.Counts); i++ {
		now, ok := sumOf(b.Counts[i : i+few])
		before, okBefore := sumOf(b.Counts[i-hour : i])
		if ok && okBefore && now/few >= factor*before/hour {
			return b.Begin + outage.Minute(i)*b.Step, true
		}
	}
	return 0, false
}

// findings lists the episodes of a recording.
func findings(b *Background, kind scan.Kind) ([]Finding, error) {
	step := time.Duration(b.Step) * time.Minute
	s, err := scan.New(scan.Config{Kind: kind, Step: step, GapsMissing: true})
	if err != nil {
		return nil, fmt.Errorf("list the findings in %s: %w", b.Name, err)
	}
	var out []Finding
	begin := int64(b.Begin / b.Step)
	minute := func(idx int64) outage.Minute { return outage.Minute(idx) * b.Step }
	for i, n := range b.Counts {
		if n < 0 {
			continue
		}
		idx := begin + int64(i)
		r := s.Observe(idx, scan.Observation{Count: n, Value: float64(n)})
		e := r.Episode
		if e.Phase == scan.None {
			continue
		}
		if e.First == idx {
			out = append(out, Finding{})
		}
		f := &out[len(out)-1]
		effect := f.Effect
		if math.Abs(r.Effect) > math.Abs(effect) {
			effect = r.Effect
		}
		*f = Finding{
			Onset: minute(e.Onset), First: minute(e.First), Peak: minute(e.Peak), End: minute(e.Last + 1),
			PeakValue: e.PeakValue, Expected: e.PeakMean, Effect: effect, Score: e.Score,
		}
	}
	return out, nil
}
