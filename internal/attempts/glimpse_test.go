package attempts

import (
	"fmt"
	"testing"
	"time"

	"faultline/outage"
)

func TestGlimpses(t *testing.T) {
	const minute = outage.Minute(29026650)
	w := New()
	attempt := func(agent, service string, second, try int, layer outage.Layer, failure outage.Failure) {
		m := &outage.Measurement{
			Agent: agent, Attempt: try, Time: minute.Time().Add(time.Duration(second) * time.Second), Outcome: outage.OutcomeOK,
			Target: outage.Target{Service: service, Host: "x.example", Address: "192.0.2.1", Family: 4, URL: "https://x.example/"},
			DNS:    &outage.DNS{Span: outage.Span{T: float64(second)}}, TCP: &outage.TCP{}, HTTP: &outage.HTTP{Status: 200},
		}
		if failure != "" {
			m.Outcome, m.Layer, m.Failure = outage.OutcomeFail, layer, failure
			if layer == outage.LayerDNS {
				m.TCP, m.HTTP = nil, nil
				m.DNS.Failure = failure
			}
		}
		w.Take(minute, m)
	}
	state := func(service string, health map[string]string) {
		s := &outage.ProbeState{Service: service, Minute: minute}
		for _, a := range []string{"one", "two"} {
			s.Vantages = append(s.Vantages, outage.VantageState{Agent: a, Health: health[a], State: "healthy"})
		}
		w.Heard(s)
	}
	attempt("one", "x", 1, 1, "", "")
	attempt("one", "x", 11, 1, outage.LayerHTTP, outage.FailureHTTP5xx)
	attempt("one", "x", 12, 2, outage.LayerTCP, outage.FailureTimeout) // a retry is no look of its own
	attempt("one", "x", 21, 1, outage.LayerHTTP, outage.FailureHTTP5xx)
	attempt("one", "x", 31, 1, outage.LayerTCP, outage.FailureTimeout)
	attempt("two", "x", 1, 1, "", "")
	attempt("two", "y", 1, 1, outage.LayerTCP, outage.FailureRefused)
	attempt("one", "y", 1, 1, outage.LayerDNS, outage.FailureSERVFAIL)
	state("x", map[string]string{"one": "healthy", "two": "healthy"})
	state("y", map[string]string{"one": "healthy", "two": "impaired"})
	w.Close(minute, false)
	got := w.Glimpses(minute)
	if text := fmt.Sprint(got["x"]); text != "[{one 4 3 http x_http_5xx} {two 1 0  }]" {
		t.Errorf("x: %s", text)
	}
	if text := fmt.Sprint(got["y"]); text != "[{one 1 1 dns dns_servfail_error}]" {
		t.Errorf("y, at which one agent is not to be believed: %s", text)
	}
	if len(w.Glimpses(minute+1)) != 0 || len(got) != 2 {
		t.Errorf("of another minute %v, of this one %d services", w.Glimpses(minute+1), len(got))
	}
}
