package project

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/stream"
)

// metrics are what project tells of itself.
type metrics struct {
	records  *prometheus.CounterVec
	deads    *prometheus.CounterVec
	gaps     *prometheus.CounterVec
	failures *prometheus.CounterVec
	saves    *prometheus.HistogramVec
	minute   *prometheus.GaugeVec
	catching *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	topic := []string{"topic"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, topic)
	}
	m := &metrics{
		records:  counter("faultline_project_records_total", "Records read, by topic."),
		deads:    counter("faultline_project_dead_letters_total", "Records that could not be decoded, by topic."),
		gaps:     counter("faultline_project_gaps_total", "Times that records had aged out of the log before they were read, by topic."),
		failures: counter("faultline_project_save_failures_total", "Saves that the query store refused, by topic."),
		saves: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "faultline_project_save_seconds", Help: "Time of a save into the query store, by topic.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, topic),
		minute: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "faultline_project_minute_seconds", Help: "Unix time of the newest minute read, by topic; the world's time less this is the lag.",
		}, topic),
		catching: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "faultline_project_catching_up", Help: "1 while there is more to read than fits in one batch, by topic.",
		}, topic),
	}
	if reg != nil {
		reg.MustRegister(m.records, m.deads, m.gaps, m.failures, m.saves, m.minute, m.catching)
	}
	return m
}

func (m *metrics) took(topic string, r stream.Record) {
	m.records.WithLabelValues(topic).Inc()
	m.minute.WithLabelValues(topic).Set(float64(r.Minute.Time().Unix()))
}

func (m *metrics) behind(topic string, behind bool) {
	v := 0.0
	if behind {
		v = 1
	}
	m.catching.WithLabelValues(topic).Set(v)
}

func (m *metrics) dead(topic string) { m.deads.WithLabelValues(topic).Inc() }

func (m *metrics) gap(topic string) { m.gaps.WithLabelValues(topic).Inc() }

func (m *metrics) saveFailed(topic string) { m.failures.WithLabelValues(topic).Inc() }

func (m *metrics) save(topic string, took time.Duration) {
	m.saves.WithLabelValues(topic).Observe(took.Seconds())
}
