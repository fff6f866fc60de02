//go:build !linux

package probe

import (
	"context"

	"faultline/outage"
)

// Trace is skipped here: only Linux keeps the answers of routers for a socket
// without privileges.
func (p *Prober) Trace(_ context.Context, t outage.Target) outage.Measurement {
	m := p.record(t)
	m.Path = &outage.Path{Protocol: "udp"}
	m.Outcome, m.Operation, m.Failure = outage.OutcomeSkipped, outage.OperationTrace, outage.UnknownFailure("path traces need Linux")
	return m
}
