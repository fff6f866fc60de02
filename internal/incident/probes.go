package incident

import (
	"strings"

	"faultline/internal/judge"
	"faultline/outage"
)

// probing is what probes say of a service in a minute. Its zero value: nobody looks.
type probing struct {
	known  bool
	quorum bool // enough agents in enough networks fail
	// alarm is a quorum, or the series of attempts outside its baseline while at least
	// one agent that counts has trouble.
	alarm bool
	since outage.Minute // from when on those that fail have
	well  outage.Minute // from when on the last of those that do not fail are well
	lands int           // countries of those that fail
	sum   outage.Probes
	// own says that probes of the service itself raise the alarm; tenants is what fails
	// together of those that stand on it, nil: nothing.
	own     bool
	tenants *outage.Tenants
}

// One agent that fails while so many others get through has a bad way more often than
// the service has a fault (`faultline evaluate agents`), until it has lasted.
const (
	elsewhereWell = 2
	lonelyFor     = 10 * outage.Minute(1)
)

// probed reads what probes say. Refusals that may be meant for monitors count while
// people report problems too; agents that see only some attempts fail count while the
// series of all attempts is outside its baseline, or where many of them have turned.
func (c *Config) probed(s *outage.ProbeState, d *outage.MinuteDetections, m outage.Minute, crowd, turned bool) probing {
	if s == nil {
		return probing{}
	}
	rate := ratesAlarm(d) || turned
	p := probing{known: true}
	voices := make([]judge.Voice, 0, len(s.Vantages))
	refused, lasts, lands := 0, false, map[string]bool{}
	for i := range s.Vantages {
		v := &s.Vantages[i]
		state := judge.State(v.State)
		if state == judge.StateUnknown {
			continue
		}
		failing := state == judge.StateFailing || state == judge.StateBlocked || rate && state == judge.StatePartly
		voice := judge.Voice{Agent: v.Agent, Network: v.Vantage.Network, Health: judge.Health(v.Health), Failing: failing}
		voice.Blocked = failing && v.Refused && !crowd
		voices = append(voices, voice)
		switch {
		case voice.Blocked:
			refused++
		case !failing:
			p.well = max(p.well, v.Since)
		case voice.Health == judge.HealthHealthy:
			lasts = lasts || m-v.Since >= lonelyFor
			lands[v.Vantage.Country] = true
			if p.since == 0 || v.Since < p.since {
				p.since = v.Since
			}
		}
	}
	p.lands = len(lands)
	count := judge.Quorum(voices, c.Quorum)
	p.quorum = count.Confirmed
	alone := count.Failing == 1 && count.Working >= elsewhereWell && !lasts
	p.own = count.Confirmed || rate && count.Failing > 0 && !alone
	p.alarm = p.own
	p.sum = outage.Probes{
		Looking: count.Failing + count.Working, Failing: count.Failing, Networks: count.Networks, Quorum: count.Confirmed, Depth: s.Depth,
	}
	if count.Failing > 0 {
		p.sum.Layer, p.sum.Failure = s.Layer, s.Failure
	}
	p.sum.Note = note(&p.sum, refused)
	return p
}

// ratesAlarm says whether the series of all attempts is outside its baseline.
func ratesAlarm(d *outage.MinuteDetections) bool {
	if d == nil {
		return false
	}
	for i := range d.Detections {
		det := &d.Detections[i]
		if det.Signal == outage.SignalProbeErrors && det.Country == "" && det.Layer == "" && det.Family == 0 && det.Phase == outage.PhaseAlarm {
			return true
		}
	}
	return false
}

// note is what a reader must know of the numbers.
func note(p *outage.Probes, refused int) string {
	var out []string
	switch {
	case p.Looking == 1 && p.Failing == 1:
		out = append(out, "One vantage point alone proves nothing of a service: what it sees may be its own network.")
	case p.Looking == 1:
		out = append(out, "Only one vantage point looks.")
	}
	if refused > 0 {
		out = append(out, "Some probes are refused in a way that may be meant for monitors; they do not count.")
	}
	if p.Failing == 0 && p.Looking > 0 && !judge.CanBeHealthy(p.Depth) {
		out = append(out, "Probes see only that the edge answers, and nothing of the service behind it.")
	}
	return strings.Join(out, " ")
}

// probe brings in what probes say: the worst of it stays with the incident.
func (l *life) probe(m outage.Minute, p *probing) {
	if l.Held++; !p.quorum {
		l.Held = 0
	}
	if p.quorum {
		l.Lands = max(l.Lands, p.lands)
	}
	if p.alarm {
		l.Failed = m
	}
	if p.own {
		l.rest("probes")
	}
	l.carries(p.tenants)
	if !p.known && l.Inc.Probes == nil {
		return
	}
	now := p.sum
	if old := l.Inc.Probes; old != nil && (old.Failing > now.Failing || old.Quorum && !now.Quorum) {
		now = *old
	}
	failing := now.Quorum || l.Inc.Tenants != nil && now.Looking > 0
	now.Agreement = string(judge.Agree(strings.Contains(l.Inc.Basis, "crowd"), judge.Probing{Healthy: now.Looking, Failing: failing}))
	l.Inc.Probes = &now // a new one: the last revision keeps its own
}

// failsAgain opens a wave where probes have failed anew since the last one's end.
func (l *life) failsAgain(p *probing) bool {
	if !p.quorum {
		return false
	}
	l.Inc.Waves = append(l.Inc.Waves, outage.Wave{Onset: max(p.since, l.wave().End)})
	return true
}

// over says whether the latest wave has ended: of reports by their counts, of an
// incident that probes alone have seen when they have recovered.
func (l *life) over(o *observation) bool {
	counts := l.Waves.over(o.alarm)
	if l.Measured {
		return !o.probes.alarm
	}
	return counts && !o.probes.quorum
}
