package demo

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"faultline/outage"
)

func world(t *testing.T, o Options) *World {
	t.Helper()
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestFigures compares the means with every published number, for every ramp.
func TestFigures(t *testing.T) {
	for ramp := 2; ramp <= 15; ramp++ {
		w := world(t, Options{Seed: 1, Ramp: ramp})
		list, err := w.Compare()
		if err != nil {
			t.Fatal(err)
		}
		numbers, allowed := 0, 0.03
		if ramp > 10 { // a slow ramp takes from the fitted bucket what the next ones get
			allowed = 0.06
		}
		for _, c := range list {
			off := c.Generated/float64(c.Reports) - 1
			switch {
			case c.Reports == 0:
				continue
			case c.Use == "fitted" && math.Abs(off) > 0.001:
				t.Errorf("ramp %d: fitted figure is off by %.2f %%: %s", ramp, 100*off, c)
			case c.Use == "shape" && math.Abs(off) > allowed:
				t.Errorf("ramp %d: figure is off by %.1f %%: %s", ramp, 100*off, c)
			case c.Use == "conflict" && math.Abs(off) < 0.3:
				t.Errorf("ramp %d: the conflicting figure is followed: %s", ramp, c)
			}
			numbers++
		}
		if numbers != 12 {
			t.Errorf("%d figures with numbers, want 12", numbers)
		}
		for k, truth := range w.Truth() {
			for _, peak := range []outage.Minute{truth.Peak, truth.PeakUS} {
				if peak < truth.Bucket+2 || peak >= truth.Bucket+13 {
					t.Errorf("ramp %d: peak of wave %d at %s, want it well inside the bucket of %s", ramp, k+1, peak, truth.Bucket)
				}
			}
		}
	}
}

// TestDraws compares drawn minutes with their means.
// The page about the day speaks to people: thousands with commas, days as days.
func TestAboutPage(t *testing.T) {
	page, err := world(t, Options{Seed: 1, Ramp: 5}).AboutPage()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<td>09:41</td><td>US</td><td class="r">22,000</td><td class="r">22,000</td><td><b>fitted</b>: peak bucket of wave 1;`,
		`<td>whole day</td><td>world</td><td class="r">1,600,000</td>`,
		`<td>whole day</td><td>GB</td><td class="r"></td>`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
}

func TestDraws(t *testing.T) {
	for _, o := range []Options{{Seed: 3, Ramp: 5}, {Seed: 3, Ramp: 5, Poisson: true}} {
		w := world(t, o)
		residuals, n, total := 0.0, 0, 0
		for m := Day; m < Close; m++ {
			c := 0
			if p := w.Points(0, m); p != nil {
				c = p.Total()
			}
			total += c
			if mean := w.Mean("", m); mean > 1000 { // where the wander of the background does not matter
				residuals += (float64(c) - mean) * (float64(c) - mean) / mean
				n++
			}
		}
		if math.Abs(float64(total)/1.6e6-1) > 0.01 {
			t.Errorf("%d reports in the day, want 1.6 million", total)
		}
		if got := residuals / float64(n); math.Abs(got/w.phi-1) > 0.15 {
			t.Errorf("variance over mean %.2f in %d minutes, want %.0f", got, n, w.phi)
		}
	}
}

// TestWeek compares each service's mean over the weeks with its table.
func TestWeek(t *testing.T) {
	w := world(t, DefaultOptions())
	for s := range services {
		sum := 0.0
		for m := Begin; m < Begin+outage.Week; m++ {
			sum += w.lives[s].rateAt(m)
		}
		if mean := sum / float64(outage.Week); math.Abs(mean/services[s].rate-1) > 0.01 {
			t.Errorf("%s has %.4f reports a minute, want %g", services[s].id, mean, services[s].rate)
		}
	}
	for _, m := range []struct {
		minute outage.Minute
		want   int
	}{{Begin, 0}, {Day, 0}, {Day + 25*60, 25}, {Begin - 1, 167}} {
		if got := hourOf(m.minute); got != m.want {
			t.Errorf("hour of the week of %s is %d, want %d", m.minute, got, m.want)
		}
	}
}

// TestShares compares the categories of the surge with the published shares.
func TestShares(t *testing.T) {
	w := world(t, DefaultOptions())
	counts := map[string]map[string]int{"US": {}, "GB": {}, "IN": {}}
	for m := Day + 14*60; m < Day+15*60; m++ {
		for _, p := range w.Points(0, m).Points {
			if counts[p.Country] != nil {
				counts[p.Country][p.Category] += p.Count
			}
		}
	}
	for _, c := range []struct {
		country, category string
		want              float64
	}{
		{"US", "app", .57}, {"US", "website", .34}, {"US", "server-connection", .09},
		{"GB", "app", .61}, {"GB", "website", .34}, {"GB", "server-connection", .05},
		{"IN", "website", .53}, {"IN", "app", .42}, {"IN", "login", .04},
	} {
		all := 0
		for _, n := range counts[c.country] {
			all += n
		}
		if got := float64(counts[c.country][c.category]) / float64(all); math.Abs(got-c.want) > 0.02 {
			t.Errorf("%s %s has a share of %.3f, want %.2f", c.country, c.category, got, c.want)
		}
	}
}

// TestSameSeedSameWorld draws minutes twice, in another order, and with another seed.
func TestSameSeedSameWorld(t *testing.T) {
	a, b, c := world(t, DefaultOptions()), world(t, DefaultOptions()), world(t, Options{Seed: 2, Ramp: 5})
	other := 0
	for i := range 50 {
		m, back := Open+outage.Minute(i), Open+outage.Minute(49-i)
		b.Reports(back)
		if !reflect.DeepEqual(a.Reports(m), b.Reports(m)) {
			t.Fatalf("minute %s differs between two worlds of one seed", m)
		}
		if !reflect.DeepEqual(a.Reports(m), c.Reports(m)) {
			other++
		}
	}
	if other < 45 {
		t.Errorf("another seed changed only %d of 50 minutes", other)
	}
}

// TestRecordsAreInOrder checks what readers of records rely on.
func TestRecordsAreInOrder(t *testing.T) {
	w := world(t, DefaultOptions())
	for s := range services {
		for m := Day + 850; m < Day+870; m++ {
			p := w.Points(s, m)
			if p == nil {
				continue
			}
			for i := 1; i < len(p.Points); i++ {
				a, b := p.Points[i-1], p.Points[i]
				if a.Country+"\x00"+a.Category+"\x00"+a.Network >= b.Country+"\x00"+b.Category+"\x00"+b.Network {
					t.Fatalf("%s at %s: %v before %v", p.Service, m, a, b)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, r := range w.Reports(Day + 860) {
		if seen[r.Key()] || r.Weight < 1 || r.Source != outage.SourceDemo || r.Minute != Day+860 {
			t.Fatalf("report %+v", r)
		}
		seen[r.Key()] = true
	}
}

func TestOptions(t *testing.T) {
	for _, ramp := range []int{-1, 1, 16} {
		if _, err := New(Options{Ramp: ramp}); err == nil {
			t.Errorf("a ramp of %d minutes was taken", ramp)
		}
	}
}
