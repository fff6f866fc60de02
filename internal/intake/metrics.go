package intake

import (
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/agentapi"
)

// Metrics are what intake tells of itself. A nil *Metrics is silent.
type Metrics struct {
	records  *prometheus.CounterVec
	refusals *prometheus.CounterVec
	agents   *prometheus.GaugeVec
	imports  *prometheus.CounterVec
}

// NewMetrics registers intake's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_intake_measurements_total", Help: "Measurements by what became of them: appended, or known already.",
		}, []string{"result"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_intake_refusals_total", Help: "Requests of agents that were refused, by the status of the answer.",
		}, []string{"status"}),
		agents: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "faultline_intake_agents", Help: "Agents by whether they are heard of.",
		}, []string{"presence"}),
		imports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_intake_imports_total", Help: "Imported measurements by what became of them: appended, or known already.",
		}, []string{"result"}),
	}
	reg.MustRegister(m.records, m.refusals, m.agents, m.imports)
	return m
}

func (m *Metrics) taken(t *agentapi.Taken) {
	if m == nil {
		return
	}
	m.records.WithLabelValues("appended").Add(float64(t.Appended))
	m.records.WithLabelValues("duplicate").Add(float64(t.Duplicates))
}

func (m *Metrics) imported(i *agentapi.Imported) {
	if m == nil {
		return
	}
	m.imports.WithLabelValues("appended").Add(float64(i.Appended))
	m.imports.WithLabelValues("duplicate").Add(float64(i.Duplicates))
}

func (m *Metrics) refused(err error) {
	if m == nil {
		return
	}
	status := 503
	var bad *refusal
	if errors.As(err, &bad) {
		status = bad.status
	}
	m.refusals.WithLabelValues(strconv.Itoa(status)).Inc()
}

func (m *Metrics) present(present, away int) {
	if m == nil {
		return
	}
	m.agents.WithLabelValues("present").Set(float64(present))
	m.agents.WithLabelValues("away").Set(float64(away))
}
