// Package detect finds the minutes in which reports are out of the ordinary.
//
// It reads the topic points and writes the topics detections (every minute of
// every open episode of a series, so that a reader needs no memory) and baselines
// (what is expected of a service in the coming hour, for pages).
//
// Method: package scan, once for all reports of a service, once for each of its
// countries and once for each of its categories, with a shared budget of false
// episodes; and, where agents look, once for the errors of attempts and once for their
// latency, each for the whole service and for each country, layer and address family. While the series of all reports is in an episode nothing of that
// service is learned. A minute without a record is zero for every service; a
// minute that is ticked as missing is missing for all.
//
// Limits: a country or category gets a series when three reports came within an
// hour; a service has at most Config.Countries and Config.Categories of them.
// Revisions of past points are not taken: they correct pages, not detections.
package detect

import (
	"fmt"
	"maps"
	"slices"

	"faultline/internal/scan"
	"faultline/internal/stream"
	"faultline/outage"
)

// Name of the part: of its follower, its checkpoint and its snapshot.
const Name = "detect"

// Fold is the detector as a pure function of its topic; it implements
// [stream.Fold]. It is not safe for concurrent use.
type Fold struct {
	cfg      Config
	begin    outage.Minute // first minute that was ticked; 0: none
	minute   outage.Minute // last minute that was ticked
	gaps     []gap         // newest last
	services map[string]*service
	names    []string // of services, sorted
}

// gap is a stretch in which nobody listened.
type gap struct{ from, to outage.Minute }

// maxGaps is how many stretches are remembered for series that begin later; an
// older one counts as zero reports for them, which makes them expect less.
const maxGaps = 16

// New makes a fold that has seen nothing.
func New(cfg Config) (*Fold, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Fold{cfg: cfg, services: map[string]*service{}}, nil
}

// Apply implements [stream.Fold].
func (f *Fold) Apply(_ string, r stream.Record) error {
	p, err := stream.Points.Decode(r)
	if err != nil {
		return err
	}
	return f.Take(p)
}

// Tick implements [stream.Fold].
func (f *Fold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	detections, baselines := f.Close(m, missing)
	var out []stream.Entry
	for i := range detections {
		e, err := stream.Detections.Entry(m, &detections[i])
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	for i := range baselines {
		e, err := stream.Baselines.Entry(m, &baselines[i])
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Take takes in the counts of one service in the minute that is being read.
// Corrections of the past are passed over.
func (f *Fold) Take(p *outage.MinutePoints) error {
	if p.Revision > 0 || p.Minute <= f.minute {
		return nil
	}
	s, err := f.service(p.Service, p.Minute)
	if err != nil {
		return err
	}
	for i := range p.Points {
		if err := s.take(f, &p.Points[i], p.Minute); err != nil {
			return err
		}
	}
	return nil
}

// service is the state of a service, made when it is first heard of.
func (f *Fold) service(id string, m outage.Minute) (*service, error) {
	if s := f.services[id]; s != nil {
		return s, nil
	}
	s, err := f.newService(id, m)
	if err != nil {
		return nil, fmt.Errorf("begin the series of service %s: %w", id, err)
	}
	f.services[id] = s
	at, _ := slices.BinarySearch(f.names, id)
	f.names = slices.Insert(f.names, at, id)
	return s, nil
}

// Close ends a minute. It returns the detections of every service with an open
// episode and, at the end of an hour, what each service is expected to have in
// the next one; both in the order of services.
func (f *Fold) Close(m outage.Minute, missing bool) ([]outage.MinuteDetections, []outage.ServiceBaseline) {
	if f.begin == 0 {
		f.begin = m
	} else if m > f.minute+1 {
		f.miss(f.minute+1, m-1)
	}
	f.minute = m
	if missing {
		f.miss(m, m)
	}
	var detections []outage.MinuteDetections
	var baselines []outage.ServiceBaseline
	hourEnds := (m+1)%outage.Hour == 0
	for _, name := range f.names {
		s := f.services[name]
		fresh := !s.begun
		if missing {
			s.forget()
		} else if d := s.close(m, hourEnds || fresh); len(d) > 0 {
			detections = append(detections, outage.MinuteDetections{Service: name, Minute: m, Detections: d})
		}
		switch {
		case hourEnds:
			baselines = append(baselines, s.forecast(m+1))
		case fresh && s.begun:
			baselines = append(baselines, s.forecast(m-m%outage.Hour))
		}
	}
	return detections, baselines
}

// miss notes that nobody listened from..to.
func (f *Fold) miss(from, to outage.Minute) {
	if n := len(f.gaps); n > 0 && f.gaps[n-1].to == from-1 {
		f.gaps[n-1].to = to
	} else {
		f.gaps = append(f.gaps, gap{from, to})
		if len(f.gaps) > maxGaps {
			f.gaps = slices.Delete(f.gaps, 0, 1)
		}
	}
	for _, name := range f.names {
		f.services[name].miss(from, to)
	}
}

// Merge takes over the services of another fold with the same configuration that
// has been closed for the same minutes and shares no service with this one, so
// that a long past can be folded by several processors.
func (f *Fold) Merge(other *Fold) error {
	if f.cfg != other.cfg || f.begin != other.begin || f.minute != other.minute || !slices.Equal(f.gaps, other.gaps) {
		return fmt.Errorf("merge folds: they have not seen the same minutes %s..%s and %s..%s with one configuration",
			f.begin, f.minute, other.begin, other.minute)
	}
	for _, name := range other.names {
		if f.services[name] != nil {
			return fmt.Errorf("merge folds: both have service %s", name)
		}
		f.services[name] = other.services[name]
	}
	f.names = slices.Sorted(maps.Keys(f.services))
	return nil
}

// Series is the number of series that are kept, of all services.
func (f *Fold) Series() int {
	n := 0
	for _, s := range f.services {
		n += len(s.cells)
		for _, l := range s.lines {
			n += len(l.cells)
		}
	}
	return n
}

// confidence translates the words.
func confidence(c scan.Confidence) outage.Confidence {
	switch c {
	case scan.ConfidenceNone:
		return outage.ConfidenceNone
	case scan.ConfidenceLow:
		return outage.ConfidenceLow
	}
	return outage.ConfidenceNormal
}

// baseline translates a forecast.
func baseline(b scan.Baseline) outage.Baseline {
	return outage.Baseline{
		Expected: b.Expected, Low: b.Low, High: b.High, Dispersion: b.Dispersion,
		Confidence: confidence(b.Confidence), Method: scan.Method,
	}
}

// forecast is what is expected of the service in the hour that starts at m. Who
// waited for a series for an hour in vain is forgotten.
func (s *service) forecast(m outage.Minute) outage.ServiceBaseline {
	for k, w := range s.waiting {
		if max(w.minutes[0], w.minutes[1]) <= m-outage.Hour {
			delete(s.waiting, k)
		}
	}
	b := outage.ServiceBaseline{Service: s.id, Minute: m, Frozen: s.held}
	for i := range b.Quarters {
		b.Quarters[i] = baseline(s.cells[0].series.Forecast(int64(m) + int64(i)*15))
	}
	return b
}

// phase translates the words.
func phase(p scan.Phase) outage.Phase {
	switch p {
	case scan.Alarm:
		return outage.PhaseAlarm
	case scan.Easing:
		return outage.PhaseEasing
	}
	return outage.PhaseOver
}
