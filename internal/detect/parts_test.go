package detect

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/outage"
)

// Attempts have series by layer and by family of addresses, beside those of the whole
// and of countries; a restart in the middle changes nothing.
func TestPartsOfAttempts(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	f := newFold(t)
	bad := start + 8*outage.Hour
	seen := map[string]int{}
	for m := start; m < bad+40; m++ {
		p := minute(r, "x", m, 1)
		failed := func(share float64) int { return int(distuv.Binomial{N: 10, P: share, Src: r}.Rand()) }
		six := 0.01
		if m >= bad {
			six = 0.9
		}
		four, tcp := failed(0.01), failed(six)
		p.Points = append(p.Points,
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Family: 4, Count: four, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Family: 6, Count: tcp, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Layer: outage.LayerTCP, Family: 4, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Layer: outage.LayerTCP, Family: 6, Count: tcp, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Layer: outage.LayerTLS, Family: 4, Count: four, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Layer: "flux", Count: 10, Trials: 10},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Family: 5, Count: 1, Trials: 10})
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			for _, d := range rec.Detections {
				if d.Signal == outage.SignalProbeErrors && d.Phase == outage.PhaseAlarm {
					if m < bad {
						t.Errorf("at %s: %+v", m, d)
					}
					seen[d.Country+"/"+string(d.Layer)+"/"+string(rune('0'+d.Family))]++
				}
			}
		}
		if m%97 != 0 {
			continue
		}
		state, err := f.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		f = newFold(t)
		if err := f.Restore(state); err != nil {
			t.Fatal(err)
		}
		if again, err := f.Snapshot(); err != nil || !bytes.Equal(again, state) {
			t.Fatalf("the state is read back as another: %v", err)
		}
	}
	for _, want := range []string{"//0", "DE//0", "/tcp/0", "//6"} {
		if seen[want] < 20 {
			t.Errorf("%s is in alarm in %d of 40 minutes", want, seen[want])
		}
		delete(seen, want)
	}
	if len(seen) > 0 {
		t.Errorf("others are in alarm too: %v", seen)
	}
}
