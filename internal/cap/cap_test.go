package cap

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"faultline/outage"
)

const start outage.Minute = 29_000_000

// world sends presses of people in networks of unequal size, as real ones are.
type world struct {
	*Caps
	rng    *rand.Rand
	minute outage.Minute
}

func newWorld(seed uint64) *world {
	return &world{Caps: New(DefaultConfig()), rng: rand.New(rand.NewPCG(seed, 7)), minute: start}
}

// person is somebody from one of many networks, the first the largest: its share
// is 30 %, that of the next 15 %, and so on in a long tail. The first network sits
// behind few shared prefixes.
func (w *world) person(service string) Press {
	n := 0
	for n < 40 && w.rng.Float64() > 0.3-0.005*float64(n) {
		n++
	}
	prefixes := uint64(200)
	if n == 0 {
		prefixes = 4
	}
	return w.press(service, fmt.Sprintf("AS%d", 100+n), w.rng.Uint64N(prefixes)+uint64(n)*1_000)
}

func (w *world) press(service, network string, prefix uint64) Press {
	return Press{Service: service, Minute: w.minute, Network: network, Prefix: prefix}
}

// poisson draws a count; enough for small means.
func (w *world) poisson(mean float64) int {
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		if p *= w.rng.Float64(); p < limit {
			return n
		}
		n++
	}
}

// live lets minutes pass with ordinary reports and counts those set aside.
func (w *world) live(service string, minutes int, mean func(outage.Minute) float64) (all, aside int) {
	for range minutes {
		w.minute++
		for range w.poisson(mean(w.minute)) {
			all++
			if !w.Admit(w.person(service)).Counted {
				aside++
			}
		}
	}
	return all, aside
}

func flat(mean float64) func(outage.Minute) float64 {
	return func(outage.Minute) float64 { return mean }
}

func diurnal(mean float64) func(outage.Minute) float64 {
	return func(m outage.Minute) float64 {
		return mean * (1 + 0.8*math.Sin(2*math.Pi*float64(m%outage.Day)/float64(outage.Day)))
	}
}

func TestAttackFromOneNetworkCountsTheFloorAtMost(t *testing.T) {
	cfg := DefaultConfig()
	tests := []struct {
		name     string
		prefixes uint64
		days     int // of quiet life before
		mean     float64
		floor    int
	}{
		{"one prefix, new service", 1, 0, 0, cfg.PrefixFloor},
		{"one network, new service", 300, 0, 0, cfg.NetworkFloor},
		{"one prefix, quiet service", 1, 14, 0.02, cfg.PrefixFloor},
		{"one network, quiet service", 300, 14, 0.02, cfg.NetworkFloor},
		{"one prefix, service with some reports", 1, 7, 0.2, cfg.PrefixFloor},
		{"one network, service with some reports", 300, 7, 0.2, cfg.NetworkFloor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(1)
			w.live("s", tt.days*24*60, flat(tt.mean))
			counted := 0
			for i := range uint64(300) {
				if i%30 == 0 {
					w.minute++
				}
				if w.Admit(w.press("s", "AS64500", 1<<40|i%tt.prefixes)).Counted {
					counted++
				}
			}
			if counted > tt.floor {
				t.Errorf("%d of 300 counted, want %d at most", counted, tt.floor)
			}
		})
	}
}

// An attack on a busy service stays a fraction of what the others report.
func TestAttackOnABusyServiceStaysAFraction(t *testing.T) {
	w := newWorld(2)
	w.live("s", 3*24*60, flat(2))
	counted := 0
	for i := range uint64(600) {
		if i%20 == 0 {
			w.live("s", 1, flat(2))
		}
		if w.Admit(w.press("s", "AS64500", 1<<40|i)).Counted {
			counted++
		}
	}
	if counted > 30 {
		t.Errorf("%d of 600 counted beside about 60 others, want 30 at most", counted)
	}
}

// A carrier's own outage: nine of ten reports come from its network, through three
// shared prefixes.
func TestCarrierIsHeardInItsOwnOutage(t *testing.T) {
	tests := []struct {
		name   string
		days   int // of ordinary life before, seven of ten reports from the carrier
		exempt bool
		want   float64
	}{
		{"fresh install, networks in the catalog", 0, true, 0.99},
		{"fresh install, networks unknown", 0, false, 0.9},
		{"after a week, networks in the catalog", 7, true, 0.99},
		{"after a week, networks unknown", 7, false, 0.9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(3)
			customer := func(share float64) Press {
				if w.rng.Float64() < share {
					p := w.press("carrier", "AS3320", 1<<50|w.rng.Uint64N(3))
					p.Exempt = tt.exempt
					return p
				}
				return w.person("carrier")
			}
			for range tt.days * 24 * 60 {
				w.minute++
				for range w.poisson(0.3) {
					w.Admit(customer(0.7))
				}
			}
			counted, all := 0, 0
			for range 25 {
				w.minute++
				for range 28 { // three prefixes hold at most 768 people
					all++
					if w.Admit(customer(0.9)).Counted {
						counted++
					}
				}
			}
			if got := float64(counted) / float64(all); got < tt.want {
				t.Errorf("%d of %d counted (%.2f), want %.2f", counted, all, got, tt.want)
			}
		})
	}
}

func TestOrdinaryTrafficIsNeverCapped(t *testing.T) {
	for _, mean := range []float64{0.02, 0.2, 2, 20} {
		t.Run(fmt.Sprint(mean), func(t *testing.T) {
			w := newWorld(4)
			days := 10
			if mean > 2 {
				days = 2
			}
			if all, aside := w.live("s", days*24*60, diurnal(mean)); aside > 0 {
				t.Errorf("%d of %d ordinary reports were set aside", aside, all)
			}
		})
	}
}

// A real outage of a service that everybody uses keeps nearly all reports, too.
func TestWideOutageIsKept(t *testing.T) {
	w := newWorld(5)
	w.live("s", 7*24*60, flat(0.5))
	if all, aside := w.live("s", 60, flat(40)); float64(aside) > 0.02*float64(all) {
		t.Errorf("%d of %d reports of an outage were set aside", aside, all)
	}
}

// A network that attacks for two hours every day of a week does not become usual:
// its share stays below the tenth that it makes up of what is counted.
func TestAttackIsNotLearned(t *testing.T) {
	w := newWorld(6)
	w.live("s", 7*24*60, flat(0.5))
	for day := range 7 {
		w.live("s", 22*60, flat(0.5))
		for i := range uint64(2 * 60 * 10) {
			if i%10 == 0 {
				w.live("s", 1, flat(0.5))
			}
			w.Admit(w.press("s", "AS64500", uint64(day)<<50|i))
		}
	}
	if share := w.services["s"].learned.shareOf("AS64500", w.all); share > 0.08 {
		t.Errorf("the attacker's usual share is %.3f, want 0.08 at most", share)
	}
}

func BenchmarkAdmit(b *testing.B) {
	w := newWorld(12)
	w.live("s", 24*60, flat(20))
	var people [4096]Press
	for i := range people {
		people[i] = w.person("s")
	}
	i := 0
	for b.Loop() {
		if i++; i%2000 == 0 {
			w.minute++
		}
		p := people[i%len(people)]
		p.Minute = w.minute
		w.Admit(p)
	}
}

// What is taken back leaves no trace in the window.
func TestForget(t *testing.T) {
	w := newWorld(1)
	w.Forget("x") // nothing is known of it
	for i := range 5 {
		w.Admit(w.press("x", "AS1", uint64(i)))
	}
	w.Admit(w.press("x", "AS2", 9))
	w.Forget("x")
	s := w.services["x"]
	if s.total() != 5 || len(s.networks) != 1 || s.networks["AS1"] != 5 || len(s.prefixes) != 5 {
		t.Errorf("%d events, networks %v, prefixes %v", s.total(), s.networks, s.prefixes)
	}
}
