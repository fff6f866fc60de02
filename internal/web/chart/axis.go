package chart

import (
	"math"
	"strconv"
	"strings"

	"faultline/internal/store"
	"faultline/outage"
)

// Ticks on the x axis: at most maxTicks, of which a phone shows maxMajor.
// More of them would overlap.
const (
	maxTicks = 9
	maxMajor = 4
)

// spacings are the distances between ticks that read well, in minutes.
var spacings = [...]outage.Minute{5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440}

// spacing is the smallest multiple of unit that gives at most n ticks.
func spacing(span, unit outage.Minute, n int) outage.Minute {
	for _, s := range spacings {
		if s%unit == 0 && span/s <= outage.Minute(n) {
			return s
		}
	}
	unit = max(unit, outage.Day)
	return (span/outage.Minute(n)/unit + 1) * unit
}

// ticks are at round times in UTC; a tick at midnight names the day.
func (g grid) ticks() []Tick {
	span := g.step * outage.Minute(g.n)
	every := spacing(span, 1, maxTicks)
	major := spacing(span, every, maxMajor)
	var out []Tick
	first := (g.from + every - 1) / every * every
	for m := first; m <= g.from+span; m += every {
		x := g.at(m)
		t := Tick{Pct: g.pct(x), Label: label(m, every), Anchor: "middle", Minor: m%major != 0}
		switch frac := x / float64(g.n); {
		case frac < .04:
			t.Anchor = "start"
		case frac > .96:
			t.Anchor = "end"
		}
		out = append(out, t)
	}
	return out
}

func label(m, every outage.Minute) string {
	if every >= outage.Day {
		return m.Time().Format("2 Jan")
	}
	if m%outage.Day == 0 {
		return m.Time().Format("Mon 2")
	}
	return m.Time().Format("15:04")
}

// headroom keeps the label of the highest dot inside the plot.
const headroom = 1.12

// scale finds the top of the y axis and its ticks. An empty chart ends at 4, so
// that a single report does not look like an outage.
func scale(bs []store.Bucket) (top float64, ticks []Tick) {
	high := 4.0
	for _, b := range bs {
		high = math.Max(high, float64(b.Count))
		if b.HasBaseline {
			high = math.Max(high, b.High)
		}
	}
	top = high * headroom
	unit := nice(top / 4)
	for v := unit; v <= top; v += unit {
		y := num(100 - 100*v/top)
		ticks = append(ticks, Tick{Pct: y + "%", Label: compact(v)})
	}
	return top, ticks
}

// nice rounds up to 1, 2 or 5 times a power of ten, never below 1: counts are
// whole numbers.
func nice(v float64) float64 {
	if v <= 1 {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if f*p >= v {
			return f * p
		}
	}
	return 10 * p
}

// compact prints 12000 as 12k, for an axis has little room.
func compact(v float64) string {
	switch {
	case v >= 1e6:
		return trim(v/1e6) + "M"
	case v >= 1e4:
		return trim(v/1e3) + "k"
	}
	return trim(v)
}

func trim(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// Spark is the path of a small stepped line without axes, one unit wide for
// each value and Height high, and of the area below it.
func Spark(values []int) (line, area string) {
	bs := make([]store.Bucket, len(values))
	top := 4.0
	for i, v := range values {
		bs[i] = store.Bucket{Start: outage.Minute(i), Count: v}
		top = math.Max(top, float64(v)*1.04)
	}
	g := grid{step: 1, n: len(values), top: top}
	return g.line(bs)
}
