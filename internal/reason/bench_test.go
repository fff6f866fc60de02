package reason

import (
	"testing"

	"faultline/internal/feature"
	"faultline/outage"
)

// BenchmarkJudge judges a set with every feature of the vocabulary, measured and
// published by three observers: the most that one verdict can rest on.
func BenchmarkJudge(b *testing.B) {
	k := table(b)
	set := &feature.Set{Service: "s", Incident: "i", Onset: 100, At: 1540, Own: map[string]feature.Feature{}}
	for i, w := range feature.Words() {
		f := feature.Feature{Name: w.Name, Value: float64(i%7) / 6, Sample: 500, Vantages: 10, Networks: 8, Origin: outage.OriginProbes}
		set.Put(f)
		for _, name := range []string{"A", "B", "C"} {
			f.Origin, f.Source = outage.OriginObserver, &outage.Source{Name: name, Kind: "measurer"}
			set.Put(f)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Judge(set, k)
	}
}
