package project_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/project"
	"faultline/internal/store/sqlite"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// BenchmarkRebuild measures how long a store takes to be rebuilt: a week of twenty
// services that are reported every minute in four cells.
func BenchmarkRebuild(b *testing.B) {
	if testing.Short() {
		b.Skip("a week of minutes takes seconds")
	}
	log := memory.New()
	for m := start; m < start+outage.Week; m++ {
		var entries []stream.Entry
		for i := range 20 {
			fact := &outage.MinutePoints{Service: fmt.Sprint("s", i), Minute: m, Points: []outage.Point{
				{Signal: outage.SignalReports, Country: "GB", Category: "app", Network: "AS64500", Count: 1},
				{Signal: outage.SignalReports, Country: "IN", Category: "app", Network: "AS64501", Count: 1},
				{Signal: outage.SignalReports, Country: "US", Category: "app", Network: "AS64502", Count: 2},
				{Signal: outage.SignalReports, Country: "US", Category: "login", Network: "AS64502", Count: 1},
			}}
			e, err := stream.Points.Entry(m, fact)
			if err != nil {
				b.Fatal(err)
			}
			entries = append(entries, e)
		}
		if err := log.Append(b.Context(), append(entries, tick(m)), nil); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		p, err := project.New(project.DefaultConfig(), log, s, prometheus.NewRegistry())
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(20*outage.Week)*float64(b.N)/b.Elapsed().Seconds(), "minutes/s")
}
