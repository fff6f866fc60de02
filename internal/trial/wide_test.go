package trial

import (
	"math"
	"math/rand/v2"
	"testing"

	"faultline/outage"
)

// TestWideWorld: the small countries have the means they should, by day and in a rise,
// and share the noise of a minute with the large one.
func TestWideWorld(t *testing.T) {
	w := Wide{Big: 20, Small: 0.5, Places: 70, Raised: 10, Factor: 3, K: 10, Shape: 0}
	r := rand.New(rand.NewPCG(1, 1))
	raised := w.Raise(r)
	up := 0
	for _, is := range raised {
		if is {
			up++
		}
	}
	if up != 10 {
		t.Fatalf("%d raised", up)
	}
	counts := map[string]float64{}
	var both, big, small, squares float64
	const days = 4
	for m := WideStart; m < WideStart+days*outage.Day; m++ {
		now := map[string]float64{}
		for _, p := range w.Minute(r, m, raised).Points {
			counts[p.Country]++
			now[p.Country]++
		}
		x, y := now["US"]/w.day(m, -360), float64(0)
		for i := range w.Places {
			y += now[w.Name(i)]
		}
		both, big, small, squares = both+x*y, big+x, small+y, squares+x*x
	}
	n := float64(days * outage.Day)
	for i, is := range raised {
		want := w.Small
		if is {
			want *= w.Factor
		}
		if got := counts[w.Name(i)] / n; math.Abs(got/want-1) > 0.15 {
			t.Errorf("%s (raised %v): %.3f a minute, want %.3f", w.Name(i), is, got, want)
		}
	}
	covariance := both/n - big/n*small/n
	if want := big / n * small / n / w.K; math.Abs(covariance/want-1) > 0.35 {
		t.Errorf("covariance %.2f, want about %.2f", covariance, want)
	}
}
