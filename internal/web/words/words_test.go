package words

import (
	"testing"

	"faultline/outage"
)

func TestEveryStatusHasItsOwnShapeAndWord(t *testing.T) {
	shapes, words := map[string]bool{}, map[string]bool{}
	for _, s := range []outage.Status{outage.StatusQuiet, outage.StatusRising, outage.StatusProblems, outage.StatusRecovering, outage.StatusUnknown} {
		v := StatusOf(s)
		shapes[v.Class], words[v.Word] = true, true
	}
	if len(shapes) != 5 || len(words) != 5 {
		t.Errorf("shapes %v, words %v", shapes, words)
	}
	if StatusOf("of the future") != StatusOf(outage.StatusUnknown) {
		t.Error("a status of the future does not read as unknown")
	}
}

func TestAbout(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{{0, "almost none"}, {.3, "under 1"}, {1, "about 1"}, {9.6, "about 10"}, {52.4, "about 52"}, {368, "about 370"}, {1234, "about 1,230"}, {26310, "about 26,300"}} {
		if got := About(c.v); got != c.want {
			t.Errorf("About(%g) = %q, want %q", c.v, got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		m    outage.Minute
		want string
	}{{0, "under a minute"}, {1, "1 minute"}, {119, "119 minutes"}, {120, "2 hours"}, {351, "5 h 51 min"}, {3 * outage.Day, "3 days"}} {
		if got := Span(c.m); got != c.want {
			t.Errorf("Span(%d) = %q, want %q", c.m, got, c.want)
		}
	}
}

func TestAtNamesTheDay(t *testing.T) {
	m, err := outage.ParseMinute("2025-03-10T09:30Z")
	if err != nil {
		t.Fatal(err)
	}
	if got := At(m, m+60).Text; got != "09:30 UTC" {
		t.Errorf("on the same day: %q", got)
	}
	if got := At(m, m+outage.Day).Text; got != "10 Mar 2025, 09:30 UTC" {
		t.Errorf("a day later: %q", got)
	}
}

func TestCell(t *testing.T) {
	for n, want := range map[int]string{0: "0", 1: "<5", 4: "<5", 5: "5", 61234: "61,234"} {
		if got := Cell(n); got != want {
			t.Errorf("Cell(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestWorld(t *testing.T) {
	if w := WorldOf(0, 500); w.Known {
		t.Error("a world without a closed minute is known")
	}
	if w := WorldOf(100, 102); w.Behind != "" {
		t.Errorf("two minutes are %q behind", w.Behind)
	}
	if w := WorldOf(100, 110); w.Behind != "10 minutes" {
		t.Errorf("ten minutes are %q behind", w.Behind)
	}
}

func TestWebURL(t *testing.T) {
	for in, want := range map[string]string{"https://x.com/": "https://x.com/", "http://a": "http://a", "javascript:alert(1)": "", "": "", "//x": ""} {
		if got := WebURL(in); got != want {
			t.Errorf("WebURL(%q) = %q", in, got)
		}
	}
}
