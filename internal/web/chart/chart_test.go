package chart

import (
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

func buckets(from, step outage.Minute, counts ...int) []store.Bucket {
	out := make([]store.Bucket, len(counts))
	for i, n := range counts {
		out[i] = store.Bucket{Start: from + outage.Minute(i)*step, Count: n}
		if n < 0 {
			out[i].Count, out[i].Missing = 0, int(step)
		}
	}
	return out
}

func TestLineBreaksAtGaps(t *testing.T) {
	p := New(Spec{Buckets: buckets(0, 15, 1, 4, -1, 2), Step: 15})
	if n := strings.Count(p.Line, "M"); n != 2 {
		t.Errorf("the line %q has %d pieces, want 2", p.Line, n)
	}
	if len(p.Gaps) != 1 || p.Gaps[0] != (Box{"50%", "25%"}) {
		t.Errorf("gaps %+v", p.Gaps)
	}
	if p.Empty {
		t.Error("a chart with counts is called empty")
	}
}

func TestLineGeometry(t *testing.T) {
	// The top is 4 with headroom; a bucket of 4 leaves an eighth or so free above.
	p := New(Spec{Buckets: buckets(0, 1, 0, 4), Step: 1})
	if want := "M0 100H1V10.7H2"; p.Line != want {
		t.Errorf("line %q, want %q", p.Line, want)
	}
	if want := "M0 100V100H1V10.7H2V100Z"; p.Area != want {
		t.Errorf("area %q, want %q", p.Area, want)
	}
}

func TestBars(t *testing.T) {
	bs := buckets(0, 1, 4, 0, 2)
	bs[2].Provisional = true
	p := New(Spec{Buckets: bs, Step: 1, Bars: true})
	if want := "M0.1 100V10.7h.8V100Z"; p.Bars != want || p.Line != "" {
		t.Errorf("bars %q, want %q; line %q", p.Bars, want, p.Line)
	}
	if want := "M2.1 100V55.4h.8V100"; p.Provisional != want {
		t.Errorf("provisional %q, want %q", p.Provisional, want)
	}
}

func TestBand(t *testing.T) {
	bs := buckets(0, 1, 0, 0)
	bs[0].HasBaseline, bs[0].Low, bs[0].Expected, bs[0].High = true, 0, 2.24, 4.48
	p := New(Spec{Buckets: bs, Step: 1})
	if want := "M0 10.7V10.7H1V100H0Z"; p.Band != want {
		t.Errorf("band %q, want %q", p.Band, want)
	}
	if want := "M0 55.4V55.4H1"; p.Expected != want {
		t.Errorf("expected %q, want %q", p.Expected, want)
	}
}

func TestEmpty(t *testing.T) {
	for _, s := range []Spec{{}, {Buckets: buckets(0, 15, -1, -1), Step: 15}, {Buckets: buckets(0, 1, 1)}} {
		if p := New(s); !p.Empty {
			t.Errorf("%+v is not empty", s)
		}
	}
}

func TestWavesAreCut(t *testing.T) {
	p := New(Spec{
		Buckets: buckets(100, 1, 1, 1, 1, 1), Step: 1,
		Waves: []Span{{From: 0, To: 102}, {From: 103, To: 900}, {From: 0, To: 100}, {From: 104, To: 110}},
	})
	if len(p.Waves) != 2 || p.Waves[0] != (Box{"0%", "50%"}) || p.Waves[1] != (Box{"75%", "25%"}) {
		t.Errorf("waves %+v", p.Waves)
	}
}

func TestDots(t *testing.T) {
	p := New(Spec{
		Buckets: buckets(0, 1, 1, 4, 1, 1), Step: 1,
		Marks: []Mark{{At: 1, Label: "here"}, {At: 9, Label: "outside"}, {At: 3, Label: "edge"}},
	})
	if len(p.Dots) != 2 {
		t.Fatalf("dots %+v", p.Dots)
	}
	if want := (Dot{"37.5%", "10.7%", "37.5%", "here", "middle"}); p.Dots[0] != want {
		t.Errorf("dot %+v, want %+v", p.Dots[0], want)
	}
	if p.Dots[1].Anchor != "end" {
		t.Errorf("the label at the edge is anchored at its %s", p.Dots[1].Anchor)
	}
}

// Whatever the span, a phone has few ticks and they lie on round times.
func TestTicks(t *testing.T) {
	for _, span := range []outage.Minute{10, 60, 240, 1440, 3 * 1440, 40 * 1440, 400 * 1440} {
		step := max(span/200, 1)
		n := int(span / step)
		g := grid{from: 28_000_007, step: step, n: n}
		major := 0
		for _, x := range g.ticks() {
			if !x.Minor {
				major++
			}
		}
		if all := len(g.ticks()); all > maxTicks+1 || major > maxMajor+1 || major == 0 {
			t.Errorf("a span of %d minutes has %d ticks, %d of them on a phone", span, all, major)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		high int
		want string
	}{{0, "2 4"}, {7, "2 4 6"}, {100, "50 100"}, {12_000, "5000 10k"}, {2_600_000, "1M 2M"}} {
		_, ticks := scale(buckets(0, 1, c.high))
		var got []string
		for _, x := range ticks {
			got = append(got, x.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("up to %d: ticks %s, want %s", c.high, s, c.want)
		}
	}
}

func TestSpark(t *testing.T) {
	line, area := Spark([]int{0, 4})
	if line != "M0 100H1V3.8H2" || !strings.HasSuffix(area, "Z") {
		t.Errorf("line %q, area %q", line, area)
	}
}
