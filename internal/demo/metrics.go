package demo

import (
	"github.com/prometheus/client_golang/prometheus"

	"faultline/outage"
)

// Metrics of the part.
type Metrics struct {
	reports prometheus.Counter
	minute  prometheus.Gauge
}

// NewMetrics registers the part's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		reports: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_demo_reports_total", Help: "People whose reports the demonstration has made up.",
		}),
		minute: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "faultline_demo_minute", Help: "Minute of the demonstration's world that was fed last, in minutes since 1970.",
		}),
	}
	r.MustRegister(m.reports, m.minute)
	return m
}

// fed counts a portion; a nil Metrics counts nothing.
func (m *Metrics) fed(at outage.Minute, reports []outage.Report) {
	if m == nil {
		return
	}
	n := 0
	for i := range reports {
		n += reports[i].Weight
	}
	m.reports.Add(float64(n))
	m.minute.Set(float64(at))
}
