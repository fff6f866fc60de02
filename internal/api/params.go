package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"faultline/internal/geo"
	"faultline/internal/names"
	"faultline/outage"
)

// parseTime reads RFC 3339, a minute such as 2025-03-10T09:30Z, or a day. A plus
// that came as a space, as it does in a query that was not encoded, is put back.
func parseTime(name, s string) (outage.Minute, error) {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "+")
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return outage.MinuteOf(t), nil
	}
	m, err := outage.ParseMinute(s)
	if err != nil {
		return 0, fmt.Errorf("%s is %q: want a time such as 2025-03-10T09:30:00Z or 2025-03-10", name, s)
	}
	return m, nil
}

// parseStep reads the width of buckets: whole minutes up to a day, as in 1m, 15m,
// 1h30m or 1d.
func parseStep(s string) (outage.Minute, error) {
	want := func() error {
		return fmt.Errorf("step is %q: want whole minutes between 1m and 1d, such as 1m, 5m, 15m, 1h or 1d", s)
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err != nil || n != 1 {
			return 0, want()
		}
		return outage.Day, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d%time.Minute != 0 || d < time.Minute || d > time.Duration(maxStep)*time.Minute {
		return 0, want()
	}
	return outage.Minute(d / time.Minute), nil
}

// formatStep writes a step the way parseStep reads it.
func formatStep(m outage.Minute) string {
	switch {
	case m == outage.Day:
		return "1d"
	case m%outage.Hour == 0:
		return fmt.Sprintf("%dh", m/outage.Hour)
	default:
		return fmt.Sprintf("%dm", m)
	}
}

// parseCountry reads a country code in either case.
func parseCountry(s string) (string, error) {
	code := strings.ToUpper(s)
	if s != "" && !geo.IsCountry(code) {
		return "", fmt.Errorf("country is %q: want a two-letter code of ISO 3166-1 such as US, GB or IN", s)
	}
	return code, nil
}

// parseCategory checks a category of a service.
func parseCategory(s string, service *outage.Service) (string, error) {
	if s != "" && !service.HasCategory(s) {
		return "", fmt.Errorf("category is %q, which %s does not have%s", s, service.ID, names.Suggest(s, service.Categories))
	}
	return s, nil
}

// parseBool reads a switch; empty is no.
func parseBool(name, s string) (bool, error) {
	if s == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%s is %q: want true or false", name, s)
	}
	return b, nil
}

// parseLimit reads the length of a list.
func parseLimit(s string) (int, error) {
	return parseNumber("limit", s, defaultIncidents, maxIncidents)
}

// parseNumber reads a number from 1 on; usual is what holds where none is given.
func parseNumber(name, s string, usual, most int) (int, error) {
	if s == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s is %q: want a number between 1 and %d", name, s, most)
	}
	return n, nil
}

// checkQuery refuses what would otherwise be passed over in silence: a misspelt
// name would answer another question than was asked.
func checkQuery(raw string, known []string) error {
	if len(raw) > maxQuery {
		return fmt.Errorf("the query is %d bytes long: want at most %d", len(raw), maxQuery)
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return fmt.Errorf("the query cannot be read: %w: encode its values", err)
	}
	for name, values := range q {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				return fmt.Errorf("parameter %q is not known here: there are none", name)
			}
			return fmt.Errorf("parameter %q is not known here%s", name, names.Suggest(name, known))
		}
		if len(values) > 1 {
			return fmt.Errorf("parameter %q is given %d times: give it once", name, len(values))
		}
	}
	return nil
}

// span is the time that a question is about.
type span struct{ from, to, step outage.Minute }

// parseSpan reads from, to and step. Without from and to it is the last 24 hours,
// the open minute included; steps of whole hours then begin at a whole hour. Where
// there is no closed minute yet it is nothing.
func parseSpan(from, to, step string, closed outage.Minute) (span, error) {
	s := span{to: closed + 2, step: 1}
	var err error
	if step != "" {
		if s.step, err = parseStep(step); err != nil {
			return s, err
		}
	}
	if closed == 0 && from == "" && to == "" {
		return span{step: s.step}, nil
	}
	if to != "" {
		if s.to, err = parseTime("to", to); err != nil {
			return s, err
		}
	}
	s.from = s.to - outage.Day
	if s.step%outage.Hour == 0 {
		s.from -= s.from % outage.Hour
	}
	if from != "" {
		if s.from, err = parseTime("from", from); err != nil {
			return s, err
		}
	}
	return s, s.check()
}

func (s span) check() error {
	if s.from < 0 || s.to <= s.from {
		return fmt.Errorf("from is %s and to is %s: want from before to, and both after 1970", s.from, s.to)
	}
	if n := (s.to - s.from + s.step - 1) / s.step; n > maxBuckets {
		least := (s.to - s.from + maxBuckets - 1) / maxBuckets
		return fmt.Errorf("from %s to %s in steps of %s are %d buckets, and the most is %d: ask for a step of at least %s or for a shorter time",
			s.from, s.to, formatStep(s.step), n, maxBuckets, formatStep(niceStep(least)))
	}
	return nil
}

// niceStep is a usual step that is not shorter than the given one.
func niceStep(least outage.Minute) outage.Minute {
	for _, s := range []outage.Minute{1, 5, 15, outage.Hour, 6 * outage.Hour} {
		if s >= least {
			return s
		}
	}
	return outage.Day
}
