package agent

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"faultline/internal/chain"
	"faultline/internal/clock"
	"faultline/internal/spool"
)

// Size of what is sent at once: far below what the hub takes, so that one batch
// never holds it up for long.
const (
	sendRecords = 500
	sendBytes   = 1 << 20
)

// sendGather lets records come together before they are sent: a request of its own for
// every few would cost more than the probes. Detection waits half a minute for
// measurements, so nobody misses two seconds.
const sendGather = 2 * time.Second

// send sends what is in the spool, in order, until the context ends. It ends with
// an error when the hub has another chain of this agent, or has revoked it.
func (a *Agent) send(ctx context.Context) error {
	s := &sender{Agent: a, limit: sendRecords}
	for {
		b, err := a.spool.Next(s.limit, sendBytes)
		if err == nil && len(b.Records) == 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-a.spool.Added():
			}
			if clock.Pause(ctx, sendGather) != nil {
				return nil
			}
			continue
		}
		if err == nil {
			err = s.sendBatch(ctx, b)
		}
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, spool.ErrFork) || isRevoked(err) {
			return err
		}
		if err == nil {
			s.failures = 0
			continue
		}
		if s.failures%saysEvery == 0 {
			slog.Warn("measurements wait in the spool; they are sent later", "waiting", a.spool.Stats().Waiting, "error", err)
		}
		a.deps.Metrics.sendFailed()
		if clock.Pause(ctx, backoff(s.failures)) != nil {
			return nil
		}
		s.failures++
	}
}

// sender remembers what the hub had against the last batch.
type sender struct {
	*Agent
	limit    int // records of the next batch
	failures int
}

// sendBatch sends one and does what the answer asks for.
func (s *sender) sendBatch(ctx context.Context, b spool.Batch) error {
	taken, err := s.hub.send(ctx, b)
	if err == nil {
		s.limit = sendRecords
		if taken.Sequence < b.Last.Sequence {
			return errors.New("the hub acknowledges less than it was sent: it is sent again")
		}
		err = s.spool.Ack(b.Last)
		s.deps.Metrics.sent(len(b.Records), s.spool.Stats())
		return err
	}
	var e *hubError
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.status == http.StatusConflict && e.head != nil:
		slog.Warn("the hub stands elsewhere in this agent's chain", "hub", e.head.Sequence, "acknowledged", s.spool.Stats().Acked.Sequence, "error", err)
		return s.spool.Restart(*e.head)
	case e.sequence != 0 && (e.status == http.StatusUnprocessableEntity || e.status == http.StatusRequestEntityTooLarge):
		return s.pass(b, e)
	case e.status == http.StatusRequestEntityTooLarge && s.limit > 1:
		s.limit = max(1, min(s.limit, len(b.Records))/2)
		return nil
	}
	return err
}

// pass gets by a record that the hub refuses: what stands before it is sent first,
// and then a gap in its place.
func (s *sender) pass(b spool.Batch, e *hubError) error {
	before := 0
	for _, raw := range b.Records {
		l, err := chain.Open(raw, nil)
		if err == nil && l.Sequence >= e.sequence {
			break
		}
		before++
	}
	if before > 0 && before < s.limit {
		s.limit = before
		return nil
	}
	slog.Error("the hub refuses a measurement; a gap takes its place", "sequence", e.sequence, "error", e.detail)
	s.limit = sendRecords
	return s.spool.Refuse()
}
