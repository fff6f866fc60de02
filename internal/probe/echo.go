package probe

import (
	"context"
	"time"

	probing "github.com/prometheus-community/pro-bing"

	"faultline/outage"
)

// Echoes of one attempt, and their distance: as polite as ping.
const (
	echoes       = 3
	echoInterval = 200 * time.Millisecond
	echoSize     = 24 // bytes of payload
)

// Echo sends ICMP echoes to the target's address, without privileges where the
// system allows it. Where it does not, the attempt is skipped and says so.
func (p *Prober) Echo(ctx context.Context, t outage.Target) outage.Measurement {
	m := p.record(t)
	if p.outside(&m) {
		return m
	}
	w := watch{m.Time}
	e := &outage.Echo{Span: outage.Span{T0: w.now()}}
	m.Echo = e
	ctx, cancel := context.WithTimeout(ctx, p.limits.Connect)
	defer cancel()
	var stats *probing.Statistics
	var err error
	for _, privileged := range []bool{false, true} {
		pinger := probing.New(t.Address)
		pinger.Count, pinger.Interval, pinger.Timeout, pinger.Size = echoes, echoInterval, p.limits.Connect, echoSize
		pinger.RecordRtts = true
		pinger.SetLogger(probing.NoopLogger{})
		pinger.SetPrivileged(privileged)
		if err = pinger.RunWithContext(ctx); err == nil {
			stats = pinger.Statistics()
			break
		}
	}
	e.T = w.now()
	if stats == nil {
		m.Outcome, e.Failure, m.Operation, m.Failure = outage.OutcomeSkipped, failureOf(err), outage.OperationEcho, failureOf(err)
		return m
	}
	e.Sent, e.Received = stats.PacketsSent, stats.PacketsRecv
	for _, rtt := range stats.Rtts {
		e.RTTMS = append(e.RTTMS, float64(rtt.Microseconds())/1000)
	}
	if e.Received == 0 {
		e.Failure = outage.FailureTimeout
		fail(&m, outage.LayerRoute, outage.OperationEcho, e.Failure)
	}
	return m
}
