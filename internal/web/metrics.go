package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is what an operator can see of the pages.
type metrics struct {
	rendered *prometheus.HistogramVec
	refused  prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, w *Web) *metrics {
	m := &metrics{
		rendered: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "faultline_web_render_seconds",
			Help:    "Time to read and render one page that was not kept.",
			Buckets: []float64{.001, .005, .01, .02, .05, .1, .5, 2},
		}, []string{"page"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "faultline_web_streams_refused_total",
			Help: "Live streams refused because the limit was reached.",
		}),
	}
	if reg == nil {
		return m
	}
	reg.MustRegister(m.rendered, m.refused,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "faultline_web_streams", Help: "Live streams open now.",
		}, func() float64 { return float64(w.hub.len()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "faultline_web_pages_kept", Help: "Rendered pages kept now.",
		}, func() float64 { return float64(w.pages.Len()) }),
	)
	return m
}

func (m *metrics) took(page string, since time.Time) {
	m.rendered.WithLabelValues(page).Observe(time.Since(since).Seconds())
}
