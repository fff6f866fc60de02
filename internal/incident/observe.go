package incident

import "faultline/outage"

// observation is what one minute's detections say of the whole service.
type observation struct {
	alarm    bool // some series is outside its baseline
	known    bool // there was a detection at all
	whole    bool // count and expected are the service's own, not a sum over cells
	count    int
	expected float64
	// excess is what the waves follow: of the service where it is in alarm itself,
	// else of the cells that are, for a small country's outage would drown in the
	// noise of the whole.
	excess float64
	// lead is the detection to date and describe the incident by: the service's
	// own when it is in alarm, else the most surprising one.
	lead *outage.Detection
	// probes is what measurements say beside the reports.
	probes probing
}

// any says whether reports or probes are out of the ordinary.
func (o *observation) any() bool { return o.alarm || o.probes.alarm }

// onset is where the minute places the beginning.
func (o *observation) onset(m outage.Minute) outage.Minute {
	switch {
	case o.lead != nil:
		return o.lead.Onset
	case o.probes.since != 0:
		return min(o.probes.since, m)
	}
	return m
}

// observe sums up a minute. d is nil when nothing was unusual.
func observe(d *outage.MinuteDetections) observation {
	var o observation
	if d == nil || len(d.Detections) == 0 {
		return o
	}
	o.known = true
	var countries, categories, wide cells
	wholeAlarm := false
	for i := range d.Detections {
		det := &d.Detections[i]
		switch {
		case !ours(det):
			continue
		case det.Whole():
			o.whole, o.count, o.expected = true, det.Count, det.Baseline.Expected
			wholeAlarm = det.Phase == outage.PhaseAlarm
		case det.Signal == outage.SignalCombined:
			// Its count is the service's own, whether or not that is unusual.
			o.whole, o.count, o.expected = true, det.Count, det.Baseline.Expected
		case det.Dimension != "":
			if w := (cells{det.Count, det.Baseline.Expected}); w.excess() > wide.excess() {
				wide = w
			}
		case det.Category == "":
			countries.add(det)
		case det.Country == "":
			categories.add(det)
		}
		if det.Phase == outage.PhaseAlarm {
			o.alarm = true
			o.lead = leading(o.lead, det)
		}
	}
	best := countries
	for _, c := range []cells{categories, wide} {
		if c.excess() > best.excess() {
			best = c
		}
	}
	if !o.whole {
		o.count, o.expected = best.count, best.expected
	}
	o.excess = float64(o.count) - o.expected
	if !wholeAlarm && best != (cells{}) {
		o.excess = best.excess()
	}
	return o
}

// ours says whether a detection can make an incident: of reports, or of several signals
// together. One of another signal alone is a fact for whoever looks at that signal.
func ours(d *outage.Detection) bool {
	return d.Signal == outage.SignalReports || d.Signal == outage.SignalCombined
}

// leading picks the detection that speaks for the service.
func leading(a, b *outage.Detection) *outage.Detection {
	switch {
	case a == nil || b.Whole():
		return b
	case a.Whole() || a.Score >= b.Score:
		return a
	}
	return b
}

// cells sums detections of cells that do not overlap.
type cells struct {
	count    int
	expected float64
}

func (c *cells) add(d *outage.Detection) {
	c.count += d.Count
	c.expected += d.Baseline.Expected
}

func (c *cells) excess() float64 { return float64(c.count) - c.expected }
