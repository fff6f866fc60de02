package api

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the API tells of itself.
type metrics struct {
	answers *prometheus.CounterVec
	hits    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_api_answers_total", Help: "Answers, by operation and status.",
		}, []string{"operation", "status"}),
		hits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_api_cache_hits_total", Help: "Answers that had been made for another reader.",
		}),
	}
	if reg != nil {
		reg.MustRegister(m.answers, m.hits)
	}
	return m
}

func (m *metrics) answered(operation string, status int) {
	m.answers.WithLabelValues(operation, strconv.Itoa(status)).Inc()
}
