package scenario

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"faultline/lab/topology"
)

// How far a seed moves things. Seed 0 is the file as it is written.
const (
	moveShare = 0.2  // of rates, either way
	moveTime  = 0.15 // of moments after the onset
	movePhase = 50 * time.Second
)

// Variant is a scenario with its victims, moments and rates.
type Variant struct {
	*Scenario
	Seed      uint64
	Magnitude float64
	// Phase is when in its minute the onset is: closed minutes see it differently.
	Phase time.Duration
}

// Vary makes a variant. The same seed and magnitude make the same one.
func (s *Scenario) Vary(seed uint64, magnitude float64) *Variant {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Name)) // never fails
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	out := *s
	out.Steps = slices.Clone(s.Steps)
	v := &Variant{Scenario: &out, Seed: seed, Magnitude: magnitude, Phase: 5*time.Second + time.Duration(r.Float64()*float64(movePhase))}
	factor := 1.0
	if seed != 0 {
		factor = 1 + moveShare*(2*r.Float64()-1)
	}
	pop, client := pick(r, []string{topology.PoP1, topology.PoP2}), pick(r, clientNames())
	for i := range out.Steps {
		e := &out.Steps[i]
		e.scale(factor*magnitude, magnitude)
		if seed != 0 && e.At > 0 {
			e.At = time.Duration(float64(e.At) * (1 + moveTime*(2*r.Float64()-1)))
			e.At = min(e.At, Fault-e.For)
		}
		e.Where, e.Clients = slices.Clone(e.Where), victims(e.Clients, client)
		for j, w := range e.Where {
			if w == AnyPoP {
				e.Where[j] = pop
			}
		}
	}
	return v
}

// scale changes what can be more or less: rates by the seed and the magnitude, people
// and percentages by the magnitude alone.
func (e *Event) scale(rate, magnitude float64) {
	e.Share = math.Min(e.Share*rate, maxShare)
	e.Connections = min(int(math.Round(float64(e.Connections)*rate)), maxConnections)
	e.KB = min(int(math.Round(float64(e.KB)*rate)), maxKB)
	most := maxPeople
	if e.Fault == "rumour" {
		most = maxRumour
	}
	e.Count = min(int(math.Round(float64(e.Count)*magnitude)), most)
	if e.Percent > 0 && e.Percent < 100 {
		e.Percent = min(max(int(math.Round(float64(e.Percent)*magnitude)), 1), 100)
	}
}

// victims are the client networks that words stand for.
func victims(words []string, chosen string) []string {
	var out []string
	for _, w := range words {
		if w == AnyClient {
			w = chosen
		}
		for _, c := range topology.Clients() {
			if (c.Name == w || c.Class == w || c.Transit == w) && !slices.Contains(out, c.Name) {
				out = append(out, c.Name)
			}
		}
	}
	return out
}

// clientNames are the networks that people live in.
func clientNames() []string {
	var out []string
	for _, c := range topology.Clients() {
		if len(c.People) > 0 {
			out = append(out, c.Name)
		}
	}
	return out
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }
