package agent

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/spool"
	"faultline/outage"
)

// Metrics are what an agent tells of itself. A nil *Metrics is silent.
type Metrics struct {
	attempts *prometheus.CounterVec
	overruns prometheus.Counter
	failures prometheus.Counter
	records  *prometheus.CounterVec
	late     prometheus.Histogram
	gauges   *prometheus.GaugeVec
}

// NewMetrics registers an agent's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_agent_attempts_total", Help: "Attempts by whether they were made, or left out for the service's cap (capped) or its robots file (robots).",
		}, []string{"result"}),
		overruns: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_agent_overruns_total", Help: "Turns left out because the target was still being probed.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_agent_send_failures_total", Help: "Batches that the hub did not take.",
		}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_agent_measurements_total", Help: "Measurements that were spooled, and those that the hub has.",
		}, []string{"state"}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "faultline_agent_late_seconds", Help: "How long after its moment a probe begins.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}),
		gauges: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "faultline_agent_state", Help: "Targets of the plan, records and bytes in the spool, and milliseconds that the clock is off.",
		}, []string{"what"}),
	}
	reg.MustRegister(m.attempts, m.overruns, m.failures, m.records, m.late, m.gauges)
	return m
}

func (m *Metrics) attempt(made bool) {
	if m == nil {
		return
	}
	word := "capped"
	if made {
		word = "made"
	}
	m.attempts.WithLabelValues(word).Inc()
}

func (m *Metrics) walkLeftOut() {
	if m != nil {
		m.attempts.WithLabelValues("robots").Inc()
	}
}

func (m *Metrics) overrun() {
	if m != nil {
		m.overruns.Inc()
	}
}

func (m *Metrics) begun(late time.Duration) {
	if m != nil {
		m.late.Observe(late.Seconds())
	}
}

func (m *Metrics) sendFailed() {
	if m != nil {
		m.failures.Inc()
	}
}

func (m *Metrics) spooled(n int, s spool.Stats) {
	if m == nil {
		return
	}
	m.records.WithLabelValues("spooled").Add(float64(n))
	m.fill(s)
}

func (m *Metrics) sent(n int, s spool.Stats) {
	if m == nil {
		return
	}
	m.records.WithLabelValues("sent").Add(float64(n))
	m.fill(s)
}

func (m *Metrics) fill(s spool.Stats) {
	m.gauges.WithLabelValues("waiting").Set(float64(s.Waiting))
	m.gauges.WithLabelValues("bytes").Set(float64(s.Bytes))
}

func (m *Metrics) targets(n int) {
	if m != nil {
		m.gauges.WithLabelValues("targets").Set(float64(n))
	}
}

func (m *Metrics) clock(c outage.Clock) {
	if m != nil {
		m.gauges.WithLabelValues("clock_offset_ms").Set(c.OffsetMS)
	}
}
