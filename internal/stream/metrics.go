package stream

import (
	"github.com/prometheus/client_golang/prometheus"

	"faultline/outage"
)

// Metrics are what every follower tells of itself. A nil *Metrics is silent.
type Metrics struct {
	records *prometheus.CounterVec
	outputs *prometheus.CounterVec
	deads   *prometheus.CounterVec
	taken   *prometheus.GaugeVec
}

// NewMetrics registers the followers' metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_follower_records_total", Help: "Facts read, by part and topic.",
		}, []string{"part", "topic"}),
		outputs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_follower_outputs_total", Help: "Facts appended, by part.",
		}, []string{"part"}),
		deads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_follower_dead_letters_total", Help: "Records that could not be decoded, by part and topic.",
		}, []string{"part", "topic"}),
		taken: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "faultline_follower_minute_seconds", Help: "Unix time of the last minute taken, by part; the world's time less this is the lag.",
		}, []string{"part"}),
	}
	reg.MustRegister(m.records, m.outputs, m.deads, m.taken)
	return m
}

func (m *Metrics) read(part, topic string) {
	if m != nil {
		m.records.WithLabelValues(part, topic).Inc()
	}
}

func (m *Metrics) dead(part, topic string) {
	if m != nil {
		m.deads.WithLabelValues(part, topic).Inc()
	}
}

func (m *Metrics) minute(part string, at outage.Minute, outputs int) {
	if m != nil {
		m.outputs.WithLabelValues(part).Add(float64(outputs))
		m.taken.WithLabelValues(part).Set(float64(at.Time().Unix()))
	}
}
