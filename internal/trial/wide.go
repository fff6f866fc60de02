package trial

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/outage"
)

// Wide describes a service with one large country and many small ones, some of which
// rise a little: too little for their own series, and nothing beside the large one.
type Wide struct {
	Big    float64 // reports a minute of the large country
	Small  float64 // of each small one
	Places int     // small countries
	Raised int     // of them, in a rise
	Factor float64 // by which those have more
	K      float64 // noise that all share: variance is mean + mean^2/K
	Shape  float64 // amplitude of the day, each country by its own clock
	Seed   uint64
}

// WideWorlds are the worlds of the table of pooled detection.
func WideWorlds() []Wide {
	base := Wide{Big: 40, Small: 0.02, Places: 60, Raised: 10, K: 20, Shape: 0.6}
	var out []Wide
	for _, factor := range []float64{5, 10} {
		w := base
		w.Factor = factor
		out = append(out, w)
	}
	half := base
	half.Raised, half.Factor = 30, 4
	busy := base
	busy.Small, busy.Factor = 0.3, 3
	few := base
	few.Small, few.Places, few.Raised, few.Factor = 0.5, 8, 4, 3
	many := base
	many.Small, many.Places, many.Raised, many.Factor = 0.002, 200, 60, 20
	return append(out, half, busy, few, many)
}

// wideCodes are the small countries: those first for which a clock is known, then
// invented ones.
var wideCodes = [...]string{
	"JP", "BR", "IN", "DE", "GB", "FR", "AU", "MX", "ZA", "EG", "TR", "ID", "TH", "VN", "PL", "ES", "IT", "SE", "NO", "FI",
	"NL", "BE", "AT", "CH", "PT", "GR", "RO", "HU", "CZ", "UA", "AR", "CL", "CO", "PE", "NG", "KE", "GH", "MA", "SA", "AE",
	"IL", "PK", "BD", "LK", "MY", "SG", "PH", "KR", "TW", "HK", "NZ", "IE", "DK", "SK", "HR", "RS", "BG", "LT", "LV", "EE",
}

// wideClock is the offset of a small country's day, in minutes; about that of its clock.
func wideClock(i int) float64 {
	offsets := [...]float64{540, -180, 330, 60, 0, 60, 600, -360, 120, 120, 180, 420, 420, 420, 60, 60, 60, 60, 60, 120,
		60, 60, 60, 60, 0, 120, 120, 60, 60, 120, -180, -240, -300, -300, 60, 180, 0, 60, 180, 240,
		120, 300, 360, 330, 480, 480, 480, 540, 480, 480, 720, 0, 60, 60, 60, 60, 120, 120, 120, 120}
	return offsets[i%len(offsets)]
}

// Name is the name of the i-th small country.
func (w *Wide) Name(i int) string {
	if i < len(wideCodes) {
		return wideCodes[i]
	}
	return fmt.Sprintf("X%d", i)
}

// day is the factor of a minute on a clock.
func (w *Wide) day(m outage.Minute, offset float64) float64 {
	return 1 + w.Shape*math.Sin(2*math.Pi*(float64(m%outage.Day)+offset-540)/float64(outage.Day))
}

// Minute draws one minute; raised says which of the small countries have more.
func (w *Wide) Minute(r *rand.Rand, m outage.Minute, raised []bool) *outage.MinutePoints {
	p := &outage.MinutePoints{Service: "wide", Minute: m}
	common := 1.0
	if w.K > 0 {
		common = distuv.Gamma{Alpha: w.K, Beta: w.K, Src: r}.Rand()
	}
	add := func(country string, mean float64) {
		for range poisson(r, mean*common) {
			p.Points = addPoint(p.Points, country, pick(r, quietCategories, categoryShares), r.IntN(quietNetworks), 1)
		}
	}
	add("US", w.Big*w.day(m, -360))
	for i := range w.Places {
		mean := w.Small * w.day(m, wideClock(i))
		if raised != nil && raised[i] {
			mean *= w.Factor
		}
		add(w.Name(i), mean)
	}
	return p
}

// Raise draws which of the small countries have more.
func (w *Wide) Raise(r *rand.Rand) []bool {
	raised := make([]bool, w.Places)
	for _, i := range r.Perm(w.Places)[:w.Raised] {
		raised[i] = true
	}
	return raised
}

// String names a world in a table.
func (w *Wide) String() string {
	return fmt.Sprintf("%d of %d at %g x %g, beside %g", w.Raised, w.Places, w.Small, w.Factor, w.Big)
}

// WideStart is the first minute of a wide world, a Monday.
const WideStart = quietStart
