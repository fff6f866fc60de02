package api

import (
	"testing"

	"faultline/outage"
)

func TestParseStep(t *testing.T) {
	for in, want := range map[string]outage.Minute{
		"1m": 1, "5m": 5, "60m": 60, "1h": 60, "1h30m": 90, "24h": 1440, "1d": 1440, "90m": 90, "60s": 1,
	} {
		if got, err := parseStep(in); err != nil || got != want {
			t.Errorf("step %q: got %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "1", "0m", "-1m", "30s", "1m30s", "25h", "2d", "d", "0d", "1.5m", "1w", "1e3m", "9999999999h"} {
		if got, err := parseStep(in); err == nil {
			t.Errorf("step %q: got %d, want an error", in, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	const want = outage.Minute(29026650)
	for _, in := range []string{
		"2025-03-10T09:30Z", "2025-03-10T09:30:00Z", "2025-03-10T09:30:59.5Z", "2025-03-10T10:30:00+01:00", "2025-03-10T10:30:00 01:00",
	} {
		if got, err := parseTime("from", in); err != nil || got != want {
			t.Errorf("time %q: got %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "now", "2025-03-10T09:30", "2025-13-10", "10.03.2025", "1741599000"} {
		if got, err := parseTime("from", in); err == nil {
			t.Errorf("time %q: got %s, want an error", in, got)
		}
	}
}

func TestParseSpan(t *testing.T) {
	closed := outage.Minute(29026650)
	for name, c := range map[string]struct {
		from, to, step string
		want           span
	}{
		"last day":          {"", "", "", span{closed + 2 - outage.Day, closed + 2, 1}},
		"hours to a time":   {"", "2025-03-10T09:30Z", "1h", span{29026620 - outage.Day, 29026650, 60}},
		"whole hours":       {"", "", "1h", span{29026620 - outage.Day, closed + 2, 60}},
		"day before a time": {"", "2025-03-10", "15m", span{29026080 - outage.Day, 29026080, 15}},
		"from a time":       {"2025-03-10T09:00Z", "", "5m", span{29026620, closed + 2, 5}},
	} {
		if got, err := parseSpan(c.from, c.to, c.step, closed); err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

func TestParseSpanBeforeTheFirstMinute(t *testing.T) {
	if got, err := parseSpan("", "", "5m", 0); err != nil || got != (span{step: 5}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzQuery throws query strings at all parsers: whatever they accept must be a
// question that the store can answer in a bounded time.
func FuzzQuery(f *testing.F) {
	f.Add("2025-03-10T09:00Z", "2025-03-11", "15m", "US", "100", "from=a&to=b")
	f.Add("1970-01-01", "9999-12-31T23:59:59Z", "1d", "zz", "-1", "%")
	f.Add("", "2025-03-10T09:00:00 01:00", "1h30m", "", "", "q=x&q=y")
	service := &outage.Service{ID: "x", Categories: outage.DefaultCategories()}
	f.Fuzz(func(t *testing.T, from, to, step, country, limit, raw string) {
		s, err := parseSpan(from, to, step, 29026650)
		if err == nil && (s.from < 0 || s.to <= s.from || s.step < 1 || s.step > maxStep || (s.to-s.from)/s.step > maxBuckets) {
			t.Errorf("accepted %+v", s)
		}
		if err == nil && step != "" {
			if again, err := parseStep(formatStep(s.step)); err != nil || again != s.step {
				t.Errorf("step %d is written as %q and read as %d, %v", s.step, formatStep(s.step), again, err)
			}
		}
		if code, err := parseCountry(country); err == nil && len(code) != 0 && len(code) != 2 {
			t.Errorf("accepted country %q", code)
		}
		if n, err := parseLimit(limit); err == nil && (n < 1 || n > maxIncidents) {
			t.Errorf("accepted limit %d", n)
		}
		if c, err := parseCategory(country, service); err == nil && c != "" && !service.HasCategory(c) {
			t.Errorf("accepted category %q", c)
		}
		if err := checkQuery(raw, []string{"from", "to"}); err == nil && len(raw) > maxQuery {
			t.Errorf("accepted a query of %d bytes", len(raw))
		}
	})
}
