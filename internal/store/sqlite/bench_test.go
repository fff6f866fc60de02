package sqlite_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
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
	for at := benchStart; at < benchEnd; {
		batch := &store.Batch{}
		for range 12 { // hours at once: fewer pages are written twice
			benchHour(rnd, at, batch)
			at += outage.Hour
		}
		save(batch)
	}
	return s
}

// benchHour adds an hour of all services to a batch.
func benchHour(rnd *rand.Rand, hour outage.Minute, batch *store.Batch) {
	batch.Closed = hour + outage.Hour - 1
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

// BenchmarkStore measures what pages ask, on six weeks of a thousand services.
func BenchmarkStore(b *testing.B) {
	if testing.Short() {
		b.Skip("filling the store takes about a minute")
	}
	dir := b.TempDir()
	s := benchStore(b, dir)
	defer s.Close()
	if info, err := os.Stat(filepath.Join(dir, sqlite.FileName)); err == nil {
		b.Logf("the file has %d MB", info.Size()>>20)
	}
	day := store.SeriesQuery{From: benchEnd - outage.Day, To: benchEnd}
	series := func(b *testing.B, q store.SeriesQuery) {
		for i := 0; b.Loop(); i++ {
			q.Service = benchID(i % 20)
			if got, err := s.Series(b.Context(), q); err != nil || len(got) == 0 {
				b.Fatal(len(got), err)
			}
		}
	}
	b.Run("Rows", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.Rows(b.Context()); err != nil || len(got) != benchServices {
				b.Fatal(len(got), err)
			}
		}
	})
	for _, step := range []outage.Minute{1, 5, 15} {
		day.Step = step
		b.Run(fmt.Sprintf("Series 24h step %d", step), func(b *testing.B) { series(b, day) })
	}
	country := day
	country.Country = "US"
	b.Run("Series 24h step 15 of a country", func(b *testing.B) { series(b, country) })
	b.Run("Series 6 weeks of hours", func(b *testing.B) {
		series(b, store.SeriesQuery{From: benchStart, To: benchEnd, Step: outage.Hour})
	})
	b.Run("Countries 24h", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if got, err := s.Countries(b.Context(), benchID(i%20), day.From, day.To); err != nil || len(got) == 0 {
				b.Fatal(len(got), err)
			}
		}
	})
	b.Run("Save a minute of all services", func(b *testing.B) {
		rnd := rand.New(rand.NewPCG(2, 2))
		for m := benchEnd; b.Loop(); m++ {
			batch := &store.Batch{Closed: m}
			for i := range benchServices {
				if n := poisson(rnd, benchMean(i)); n > 0 {
					batch.Minutes = append(batch.Minutes, benchMinute(benchID(i), m, n))
				}
			}
			if err := s.Save(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Open", func(b *testing.B) {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			again, err := sqlite.Open(b.Context(), dir)
			if err != nil {
				b.Fatal(err)
			}
			if err := again.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
