package project

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/clock"
	"faultline/internal/stream"
	"faultline/outage"
)

// Following is a part that still needs the records of a topic after a position.
type Following interface {
	// Safe returns the position that a restart would read on from; follows is
	// false for a topic that the part does not read.
	Safe(topic string) (pos uint64, follows bool)
}

// Janitor ages the store and trims the log.
type Janitor struct {
	cfg       Retention
	log       stream.Writer
	store     Target
	followers []Following
	trimmed   *prometheus.CounterVec
	aged      prometheus.Counter
	forgotten prometheus.Counter
	failures  prometheus.Counter
}

// NewJanitor needs every follower of the log: what one of them has not taken is
// never trimmed.
func (p *Project) NewJanitor(reg prometheus.Registerer, followers ...Following) *Janitor {
	j := &Janitor{
		cfg: p.cfg.Retention, log: p.log, store: p.store, followers: append(followers, p),
		trimmed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_retention_trimmed_total", Help: "Records removed from the log, by topic.",
		}, []string{"topic"}),
		aged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_retention_aged_hours_total", Help: "Hours of services that lost their minutes and keep their sums.",
		}),
		forgotten: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_retention_forgotten_total", Help: "Measurements removed from the query store.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_retention_failures_total", Help: "Rounds of retention that failed and will be tried again.",
		}),
	}
	if reg != nil {
		reg.MustRegister(j.trimmed, j.aged, j.forgotten, j.failures)
	}
	return j
}

// Run does a round at once and then at every interval, until the context ends.
// A round that fails is tried again: retention must not stop a service.
func (j *Janitor) Run(ctx context.Context) error {
	for {
		if err := j.Round(ctx); err != nil && ctx.Err() == nil {
			j.failures.Inc()
			slog.Error("retention failed and is tried again", "error", err)
		}
		if clock.Pause(ctx, j.cfg.Every) != nil {
			return nil
		}
	}
}

// Round ages and trims once, by the world's time, which is the last closed minute.
func (j *Janitor) Round(ctx context.Context) error {
	pulse, err := j.store.Pulse(ctx)
	if err != nil {
		return fmt.Errorf("read the last closed minute: %w", err)
	}
	if pulse.Closed == 0 {
		return nil
	}
	n, err := j.store.Age(ctx, pulse.Closed-span(j.cfg.Minutes))
	j.aged.Add(float64(n))
	errs := []error{err}
	n, err = j.store.Forget(ctx, pulse.Closed-span(j.cfg.Measurements))
	j.forgotten.Add(float64(n))
	errs = append(errs, err)
	for topic, keep := range j.cfg.topics() {
		upTo := j.safe(topic)
		if upTo == 0 {
			continue
		}
		n, err := j.log.Trim(ctx, topic, pulse.Closed-span(keep), upTo)
		j.trimmed.WithLabelValues(topic).Add(float64(n))
		if err != nil {
			errs = append(errs, fmt.Errorf("trim topic %s: %w", topic, err))
		}
	}
	return errors.Join(errs...)
}

// safe is the position that all followers of a topic have taken.
func (j *Janitor) safe(topic string) uint64 {
	upTo := uint64(math.MaxInt64)
	for _, f := range j.followers {
		if pos, follows := f.Safe(topic); follows {
			upTo = min(upTo, pos)
		}
	}
	return upTo
}

func span(d time.Duration) outage.Minute { return outage.Minute(d / time.Minute) }
