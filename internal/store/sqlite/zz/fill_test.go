package zz

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/outage"
)

// The world of the benchmarks: a thousand services, six weeks of hours, two weeks
// of minutes, four countries and four categories released in each busy minute.
const (
	benchServices = 1000
	benchWeeks    = 6
	benchStart    = outage.Minute(28966140) // 2025-01-27T09:00Z
	benchEnd      = benchStart + benchWeeks*outage.Week
	benchAged     = benchEnd - 2*outage.Week
)

// benchMean is the mean of reports a minute: a few large services, many small.
func benchMean(i int) float64 {
	switch {
	case i < 20:
		return 20
	case i < 200:
		return 2
	}
	return 0.2
}

func benchID(i int) string { return fmt.Sprintf("service-%04d", i) }

// benchStore fills a store. It takes about a minute.
func benchStore(b *testing.B, dir string) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	save := func(batch *store.Batch) {
		if err := s.Save(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	first := &store.Batch{Since: benchStart, Closed: benchStart}
	for i := range benchServices {
		first.Services = append(first.Services, outage.Service{
			ID: benchID(i), Name: benchID(i), Aliases: []string{"one", "two"}, Kind: "social", Homepage: "https://example.com",
			Hosts: []outage.Host{{Name: "example.com", Role: "web"}}, Categories: outage.DefaultCategories(),
		})
	}
	save(first)
	if _, err := s.Age(b.Context(), benchAged); err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for hour := benchStart; hour < benchEnd; hour += outage.Hour {
		save(benchHour(rnd, hour))
	}
	return s
}

func benchHour(rnd *rand.Rand, hour outage.Minute) *store.Batch {
	batch := &store.Batch{Closed: hour + outage.Hour - 1}
	for i := range benchServices {
		mean := benchMean(i)
		base := outage.Baseline{Expected: mean, High: mean + 3*math.Sqrt(mean), Dispersion: 2, Confidence: outage.ConfidenceNormal, Method: "bench 1"}
		batch.Baselines = append(batch.Baselines, outage.ServiceBaseline{
			Service: benchID(i), Minute: hour, Quarters: [4]outage.Baseline{base, base, base, base},
		})
		if hour < benchAged {
			batch.Minutes = append(batch.Minutes, benchMinute(benchID(i), hour, int(mean*60)))
			continue
		}
		for m := range outage.Hour {
			if n := poisson(rnd, mean); n > 0 {
				batch.Minutes = append(batch.Minutes, benchMinute(benchID(i), hour+m, n))
			}
		}
	}
	return batch
}

func benchMinute(id string, m outage.Minute, n int) store.Minute {
	one := store.Minute{Service: id, Minute: m, Count: n}
	if n >= 20 {
		one.Countries = map[string]int{"US": n - 15, "GB": 5, "DE": 5, "IN": 5}
		one.Categories = map[string]int{"app": n - 15, "website": 5, "server-connection": 5, "login": 5}
	} else if n >= 5 {
		one.Countries, one.Categories = map[string]int{"US": n}, map[string]int{"app": n}
	}
	return one
}

func poisson(rnd *rand.Rand, mean float64) int {
	n, p, limit := 0, rnd.Float64(), math.Exp(-mean)
	for ; p > limit; n++ {
		p *= rnd.Float64()
	}
	return n
}

