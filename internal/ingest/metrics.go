package ingest

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what ingest tells of itself. A nil *Metrics is silent.
type Metrics struct {
	reports *prometheus.CounterVec
}

// NewMetrics registers ingest's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{reports: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "faultline_ingest_reports_total",
		Help: "Reports by what became of them: counted, duplicate, cap or failed.",
	}, []string{"result"})}
	reg.MustRegister(m.reports)
	return m
}

func (m *Metrics) report(r *result) {
	if m == nil {
		return
	}
	word := "counted"
	switch {
	case r.err != nil:
		word = "failed"
	case r.duplicate:
		word = "duplicate"
	case r.report.Reason != "":
		word = r.report.Reason
	}
	m.reports.WithLabelValues(word).Inc()
}
