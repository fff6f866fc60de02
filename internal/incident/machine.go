package incident

import (
	"fmt"
	"strings"

	"faultline/outage"
)

// step moves the state by what take has brought in.
func (l *life) step(c *Config, m outage.Minute, d *outage.MinuteDetections, o observation) {
	switch l.Inc.State {
	case outage.StateSuspected:
		if confirms(c, d) || l.Held > c.SecondLook {
			l.confirm(m)
		} else if l.Quiet >= c.DismissAfter {
			l.dismiss(m)
		}
	case outage.StateConfirmed:
		if l.over(&o) {
			l.endWave(o.probes.well)
			l.Inc.State = outage.StateRecovering
		} else if onset, ok := l.Waves.towers(); ok && l.Failed < l.wave().Onset {
			l.redate(onset)
		}
	case outage.StateRecovering:
		if l.newWave(m, o) || l.failsAgain(&o.probes) {
			l.Inc.State, l.Inc.End = outage.StateConfirmed, 0
		} else if l.Quiet >= c.ResolveAfter {
			l.Inc.State, l.Inc.Closed = outage.StateResolved, m
		}
	}
	l.sum(m)
}

// confirms says whether one series of the service, or its places or signals together,
// has passed the second look with enough people behind it.
func confirms(c *Config, d *outage.MinuteDetections) bool {
	if d == nil {
		return false
	}
	for i := range d.Detections {
		det := &d.Detections[i]
		networks := det.NetworksUnknown || det.Networks >= c.MinNetworks
		if ours(det) && det.Confirm >= c.ConfirmScore && det.OnsetCount >= c.MinReporters && networks {
			return true
		}
	}
	return false
}

func (l *life) confirm(m outage.Minute) {
	l.Inc.State = outage.StateConfirmed
	if l.Inc.Confirmed == 0 {
		l.Inc.Confirmed = m
	}
	if l.Trial != nil {
		l.Inc.Reopened++
		l.Trial = nil
	}
}

// dismiss ends a suspicion, or the trial of an incident that was resolved.
func (l *life) dismiss(m outage.Minute) {
	if l.Trial != nil {
		l.drop()
		l.Inc.Minute = m
		return
	}
	l.endWave(0)
	l.Inc.State, l.Inc.Closed = outage.StateDismissed, m
}

// endWave closes the latest wave where its excess went and takes the minutes
// after that out of its total again. Where probes have failed in it, it lasted until
// they were well again; of a wave that they alone have seen nothing else is known.
func (l *life) endWave(well outage.Minute) {
	w := l.wave()
	recovered := l.Failed + 1
	if well != 0 {
		recovered = min(recovered, well)
	}
	if !l.Measured {
		w.End = l.Waves.end(w.Peak)
	}
	if l.Failed >= w.Onset {
		w.End = max(w.End, recovered)
	}
	w.End = max(w.End, w.Onset+1)
	for _, s := range l.Waves.Samples[l.Waves.since(w.End):] {
		w.Total -= s.whole()
	}
	w.Total = max(w.Total, w.PeakCount)
	l.Inc.End = w.End
}

// newWave opens a wave when the reports have risen from their trough again.
func (l *life) newWave(m outage.Minute, o observation) bool {
	end := l.wave().End
	onset, ok := l.Waves.rise(end)
	if !ok || !o.alarm {
		return false
	}
	w := outage.Wave{Onset: onset}
	if o.lead.Onset >= end && o.lead.Onset < onset && m-o.lead.First <= outage.ReportWindow {
		w.Onset, w.Total = o.lead.Onset, o.lead.OnsetCount
	}
	l.beginWave(w)
	return true
}

// beginWave adds a wave that began some minutes ago.
func (l *life) beginWave(w outage.Wave) {
	sum := 0
	for _, s := range l.Waves.Samples[l.Waves.since(w.Onset):] {
		sum += s.whole()
		if s.whole() > w.PeakCount || w.Peak == 0 {
			w.Peak, w.PeakCount = s.Minute, s.whole()
		}
	}
	w.Total = max(w.Total, sum)
	l.Waves.begin(w.Onset)
	l.Inc.Waves = append(l.Inc.Waves, w)
}

// redate lets the latest wave begin where it rose: what came before is below a fifth
// of it, and belongs to a wave as little as what is left after its end. The incident
// keeps its own onset.
func (l *life) redate(onset outage.Minute) {
	l.Inc.Waves = l.Inc.Waves[:len(l.Inc.Waves)-1]
	l.beginWave(outage.Wave{Onset: onset})
}

// sum derives what follows from the parts.
func (l *life) sum(m outage.Minute) {
	if first := l.Inc.Waves[0].Onset; l.Inc.Onset == 0 || first < l.Inc.Onset {
		l.Inc.Onset = first
	}
	l.Inc.Total = 0
	inWaves := outage.Minute(0)
	for _, w := range l.Inc.Waves {
		l.Inc.Total += w.Total
		end := w.End
		if end == 0 {
			end = m + 1
		}
		inWaves += end - w.Onset
	}
	l.Inc.Countries, l.Inc.Categories = published(l.Countries), published(l.Categories)
	l.Inc.Severity = Severity(float64(l.Highest), l.Expected, len(l.Countries), inWaves)
	if p := l.Inc.Probes; p != nil && p.Quorum {
		if s := measuredSeverity(p, l.Lands, inWaves); s.Value > l.Inc.Severity.Value {
			l.Inc.Severity = s
		}
	}
}

// shape is what a revision must not wait for.
func (l *life) shape() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s %s|", l.Inc.State, l.Inc.Reopened, l.Inc.Basis, l.Inc.Wide)
	for _, w := range l.Inc.Waves {
		fmt.Fprintf(&b, "%d-%d ", w.Onset, w.End)
	}
	for _, list := range [][]outage.Affected{l.Inc.Countries, l.Inc.Categories} {
		b.WriteByte('|')
		for _, a := range list {
			b.WriteString(a.Name + " ")
		}
	}
	s := l.Inc.Severity
	fmt.Fprintf(&b, "|%g %g %g|", s.Effect, s.Breadth, s.Duration)
	if p := l.Inc.Probes; p != nil {
		fmt.Fprintf(&b, "%s %d %d %t %s %s %s|", p.Agreement, p.Failing, p.Networks, p.Quorum, p.Layer, p.Failure, p.Note)
	}
	if t := l.Inc.Tenants; t != nil {
		fmt.Fprintf(&b, "%d %s|", t.Count, t.Manner)
	}
	for _, link := range l.Inc.Links {
		b.WriteString(link.Incident + " " + link.Why + " ")
	}
	return b.String()
}
