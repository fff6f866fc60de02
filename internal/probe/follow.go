package probe

import (
	"context"

	"faultline/outage"
)

// Permit is what a caller of [Prober.Follow] and [Prober.Walk] says of the next page.
type Permit int

// Permits.
const (
	PermitGo     Permit = iota
	PermitStop          // go no further, for now: the chain ends without a word
	PermitForbid        // never go there: the chain ends with a failure that says so
)

// Follow goes where an answer sends, one attempt at each hop, as long as the caller
// permits it, who knows caps, lists and addresses that a prober does not.
func (p *Prober) Follow(ctx context.Context, from *outage.Measurement, may func(next outage.Target) Permit) []outage.Measurement {
	if from.HTTP == nil {
		return nil
	}
	var out []outage.Measurement
	h := hopping{seen: map[string]bool{from.Target.URL: true}, public: isPublic(from.Target.Address), ask: &ask{}}
	for h.hop = 1; isRedirect(from.HTTP); h.hop++ {
		next, err := redirectTarget(from)
		if err == nil {
			switch may(next) {
			case PermitStop:
				return out
			case PermitForbid:
				return append(out, p.forbidden(next, h.hop))
			}
		}
		m, _ := p.hop(ctx, from, h)
		out = append(out, m)
		if m.HTTP == nil || m.Failure != "" {
			break
		}
		from = &out[len(out)-1]
	}
	return out
}

// forbidden is the record of a page that was not asked for.
func (p *Prober) forbidden(next outage.Target, hop int) outage.Measurement {
	m := p.record(next)
	m.HTTP = &outage.HTTP{Hop: hop, Failure: outage.FailureForbidden}
	fail(&m, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureForbidden)
	return m
}
