// Package chart turns the buckets of one line into the geometry of a picture.
//
// It reads buckets as the store gives them and writes path data, ticks and
// marks for a template; it draws nothing itself and knows no colours. The plot
// is stretched to any width, so x is counted in buckets and y in hundredths of
// the height, and everything that must keep its shape (text, dots, hatching)
// is placed by percentages. Limits: one line with one band, y starts at zero.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"faultline/internal/store"
	"faultline/outage"
)

// Height is the height of the plot in its own units.
const Height = 100

// Spec is what is to be drawn.
type Spec struct {
	ID      string // prefix of element ids, unique on the page
	Title   string // what it shows, in a few words
	Desc    string // what one would see in it, for those who do not
	Buckets []store.Bucket
	Step    outage.Minute // width of a bucket
	Waves   []Span        // shaded
	Marks   []Mark        // dots with a label
	Bars    bool          // one bar for each bucket instead of a line with an area
}

// Span is a stretch of time, From inclusive and To exclusive.
type Span struct{ From, To outage.Minute }

// Mark is a dot on the line.
type Mark struct {
	At    outage.Minute // any minute of its bucket
	Label string
}

// Plot is the geometry of a picture. Paths are in buckets by Height units,
// fields named Pct are percentages of the plot.
type Plot struct {
	ID, Title, Desc string
	Empty           bool // nothing was listened to in the whole span
	Width           int  // buckets
	Band            string
	Expected        string
	Area            string
	Line            string
	Bars            string
	Provisional     string
	Gaps            []Box
	Waves           []Box
	X               []Tick
	Y               []Tick
	Dots            []Dot
}

// Box is a shaded stretch.
type Box struct{ XPct, WPct string }

// Tick is a label on an axis; Minor ones are left out on a phone.
type Tick struct {
	Pct    string
	Label  string
	Anchor string // start, middle or end
	Minor  bool
}

// Dot is a marked bucket.
type Dot struct {
	XPct, YPct, LabelXPct string
	Label, Anchor         string
}

// New computes the geometry.
func New(s Spec) Plot {
	p := Plot{ID: s.ID, Title: s.Title, Desc: s.Desc, Width: len(s.Buckets)}
	if len(s.Buckets) == 0 || s.Step < 1 {
		p.Empty = true
		return p
	}
	g := grid{from: s.Buckets[0].Start, step: s.Step, n: len(s.Buckets)}
	g.top, p.Y = scale(s.Buckets)
	p.Empty = true
	for _, b := range s.Buckets {
		if b.Missing < int(s.Step) {
			p.Empty = false
		}
	}
	p.Band, p.Expected = g.band(s.Buckets)
	if s.Bars {
		p.Bars = g.bars(s.Buckets)
	} else {
		p.Line, p.Area = g.line(s.Buckets)
	}
	p.Provisional = g.provisional(s.Buckets)
	p.Gaps = g.gaps(s.Buckets)
	for _, w := range s.Waves {
		if box, ok := g.box(w); ok {
			p.Waves = append(p.Waves, box)
		}
	}
	p.X = g.ticks()
	for _, m := range s.Marks {
		if d, ok := g.dot(m, s.Buckets); ok {
			p.Dots = append(p.Dots, d)
		}
	}
	return p
}

// grid maps minutes and counts to the plot.
type grid struct {
	from, step outage.Minute
	n          int
	top        float64
}

func (g grid) y(v float64) string {
	return num(Height - math.Min(v/g.top, 1)*Height)
}

func (g grid) pct(x float64) string { return num(100*x/float64(g.n)) + "%" }

// at is the place of a minute on the x axis, in buckets.
func (g grid) at(m outage.Minute) float64 { return float64(m-g.from) / float64(g.step) }

// whole says whether a bucket was listened to and closed, so that the line may
// pass through it.
func (g grid) whole(b store.Bucket) bool {
	return b.Missing < int(g.step) && !b.Provisional
}

// line is a stepped line and the area below it, broken where nobody listened.
func (g grid) line(bs []store.Bucket) (line, area string) {
	var l, a strings.Builder
	g.runs(bs, g.whole, func(i, j int) {
		fmt.Fprintf(&l, "M%d %s", i, g.y(float64(bs[i].Count)))
		fmt.Fprintf(&a, "M%d %dV%s", i, Height, g.y(float64(bs[i].Count)))
		for k := i; k < j; k++ {
			y := g.y(float64(bs[k].Count))
			if k > i {
				l.WriteString("V" + y)
				a.WriteString("V" + y)
			}
			fmt.Fprintf(&l, "H%d", k+1)
			fmt.Fprintf(&a, "H%d", k+1)
		}
		fmt.Fprintf(&a, "V%dZ", Height)
	})
	return l.String(), a.String()
}

// bars leave a fifth of the bucket free between them.
func (g grid) bars(bs []store.Bucket) string {
	var d strings.Builder
	for i, b := range bs {
		if g.whole(b) && b.Count > 0 {
			fmt.Fprintf(&d, "M%s %dV%sh.8V%dZ", num(float64(i)+.1), Height, g.y(float64(b.Count)), Height)
		}
	}
	return d.String()
}

func (g grid) provisional(bs []store.Bucket) string {
	var d strings.Builder
	for i, b := range bs {
		if b.Provisional && b.Count > 0 {
			fmt.Fprintf(&d, "M%s %dV%sh.8V%d", num(float64(i)+.1), Height, g.y(float64(b.Count)), Height)
		}
	}
	return d.String()
}

func (g grid) band(bs []store.Bucket) (band, expected string) {
	var b, e strings.Builder
	has := func(x store.Bucket) bool { return x.HasBaseline }
	g.runs(bs, has, func(i, j int) {
		fmt.Fprintf(&b, "M%d %s", i, g.y(bs[i].High))
		fmt.Fprintf(&e, "M%d %s", i, g.y(bs[i].Expected))
		for k := i; k < j; k++ {
			fmt.Fprintf(&b, "V%sH%d", g.y(bs[k].High), k+1)
			fmt.Fprintf(&e, "V%sH%d", g.y(bs[k].Expected), k+1)
		}
		for k := j - 1; k >= i; k-- {
			fmt.Fprintf(&b, "V%sH%d", g.y(bs[k].Low), k)
		}
		b.WriteByte('Z')
	})
	return b.String(), e.String()
}

// runs calls f for every longest stretch [i, j) of buckets that satisfy ok.
func (g grid) runs(bs []store.Bucket, ok func(store.Bucket) bool, f func(i, j int)) {
	for i := 0; i < len(bs); i++ {
		if !ok(bs[i]) {
			continue
		}
		j := i + 1
		for j < len(bs) && ok(bs[j]) {
			j++
		}
		f(i, j)
		i = j
	}
}

func (g grid) gaps(bs []store.Bucket) []Box {
	var out []Box
	missing := func(b store.Bucket) bool { return b.Missing > 0 }
	g.runs(bs, missing, func(i, j int) {
		out = append(out, Box{g.pct(float64(i)), g.pct(float64(j - i))})
	})
	return out
}

func (g grid) box(s Span) (Box, bool) {
	from, to := math.Max(g.at(s.From), 0), math.Min(g.at(s.To), float64(g.n))
	if to <= from {
		return Box{}, false
	}
	return Box{g.pct(from), g.pct(to - from)}, true
}

// Labels of dots near an edge grow towards the middle.
const edge = 0.18

func (g grid) dot(m Mark, bs []store.Bucket) (Dot, bool) {
	i := int(math.Floor(g.at(m.At)))
	if i < 0 || i >= g.n {
		return Dot{}, false
	}
	x := float64(i) + .5
	d := Dot{XPct: g.pct(x), Label: m.Label, Anchor: "middle"}
	d.LabelXPct = d.XPct
	d.YPct = num(100-100*math.Min(float64(bs[i].Count)/g.top, 1)) + "%"
	switch frac := x / float64(g.n); {
	case frac < edge:
		d.Anchor = "start"
	case frac > 1-edge:
		d.Anchor = "end"
	}
	return d, true
}

// num prints at most one digit after the point.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}
