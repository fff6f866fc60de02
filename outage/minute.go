package outage

import (
	"fmt"
	"time"
)

// Minute is a point in time with the resolution that Faultline counts in: the
// number of minutes since 1970-01-01T00:00Z. As text, and so in JSON, it reads
// "2025-03-10T09:30Z".
type Minute int64

// minuteLayout is RFC 3339 without seconds, always UTC.
const minuteLayout = "2006-01-02T15:04Z"

// Spans of minutes that are used by name.
const (
	Hour Minute = 60
	Day  Minute = 24 * Hour
	Week Minute = 7 * Day
)

// MinuteOf returns the minute that t lies in.
func MinuteOf(t time.Time) Minute {
	s := t.Unix()
	m := s / 60
	if s%60 < 0 {
		m--
	}
	return Minute(m)
}

// ParseMinute reads the text form; full RFC 3339 times are cut to their minute.
func ParseMinute(s string) (Minute, error) {
	if t, err := time.Parse(minuteLayout, s); err == nil {
		return MinuteOf(t), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fmt.Errorf("parse minute %q: want a time such as 2025-03-10T09:30Z", s)
	}
	return MinuteOf(t), nil
}

// Time is the start of the minute in UTC.
func (m Minute) Time() time.Time { return time.Unix(int64(m)*60, 0).UTC() }

// String is the text form.
func (m Minute) String() string { return m.Time().Format(minuteLayout) }

// MarshalText implements [encoding.TextMarshaler].
func (m Minute) MarshalText() ([]byte, error) {
	return m.Time().AppendFormat(nil, minuteLayout), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *Minute) UnmarshalText(b []byte) error {
	v, err := ParseMinute(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}
