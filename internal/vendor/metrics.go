package vendor

import "github.com/prometheus/client_golang/prometheus"

// Metrics are what the part tells of itself. A nil *Metrics is silent.
type Metrics struct {
	looks   *prometheus.CounterVec
	words   prometheus.Counter
	pages   prometheus.Gauge
	unread  prometheus.Gauge
	unknown prometheus.Gauge
}

// NewMetrics registers the part's metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "faultline_vendor_looks_total", Help: "Looks at status pages by what became of them: read, unmodified or failed.",
		}, []string{"result"}),
		words: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_vendor_words_total", Help: "Words of vendors that were appended.",
		}),
		pages: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "faultline_vendor_pages", Help: "Status pages that are followed.",
		}),
		unread: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "faultline_vendor_pages_beyond_limit", Help: "Status pages that are not followed because there are too many.",
		}),
		unknown: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "faultline_vendor_services_unknown", Help: "Services whose status page cannot be read.",
		}),
	}
	reg.MustRegister(m.looks, m.words, m.pages, m.unread, m.unknown)
	return m
}

func (m *Metrics) look(result string) {
	if m != nil {
		m.looks.WithLabelValues(result).Inc()
	}
}

func (m *Metrics) said() {
	if m != nil {
		m.words.Inc()
	}
}

func (m *Metrics) following(pages, unread int) {
	if m != nil {
		m.pages.Set(float64(pages))
		m.unread.Set(float64(unread))
	}
}

// turned counts services that become unknown, or known again.
func (m *Metrics) turned(was, is bool) {
	if m == nil || was == is {
		return
	}
	if is {
		m.unknown.Inc()
	} else {
		m.unknown.Dec()
	}
}
