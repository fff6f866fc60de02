package trial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"faultline/internal/gunzip"
	"faultline/internal/scan"
)

// Recorded is one episode of real reports, in buckets of 15 minutes, with a quiet
// beginning.
type Recorded struct {
	Provider, Event string
	Start           time.Time
	Counts          []int
	Overlaps        bool // another episode of the provider shares some of its time
}

// RecordedStep is the bucket of recorded episodes.
const RecordedStep = 15 * time.Minute

// QuietBuckets at the beginning of a recorded episode count as quiet: an alarm in
// them is false where no other episode overlaps.
const QuietBuckets = 32

// maxRecorded bounds the rows of a file; whoever has more judges them in parts.
const maxRecorded = 1_000_000

// ReadRecorded reads episodes from CSV (plain or gzip) with the columns provider,
// event, ts_utc (RFC 3339) and reports_15min, rows of an episode in order of time.
func ReadRecorded(name string, in io.Reader) ([]Recorded, error) {
	buf, err := gunzip.Reader(in, 1<<16)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	r := csv.NewReader(buf)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header of %s: %w", name, err)
	}
	want := []string{"provider", "event", "ts_utc", "reports_15min"}
	if !slices.Equal(header, want) {
		return nil, fmt.Errorf("%s:1: the columns are %v: they must be %v", name, header, want)
	}
	var out []Recorded
	for line := 2; ; line++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if line > maxRecorded {
			return nil, fmt.Errorf("%s: more than %d rows: judge them in parts", name, maxRecorded)
		}
		if out, err = addRow(out, row); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	markOverlaps(out)
	return out, nil
}

// addRow adds one bucket to the last episode or begins another.
func addRow(list []Recorded, row []string) ([]Recorded, error) {
	at, err := time.Parse(time.RFC3339, row[2])
	if err != nil {
		return nil, fmt.Errorf("time %q cannot be read: use 2006-01-02T15:04:05Z", row[2])
	}
	n, err := strconv.Atoi(row[3])
	if err != nil || n < 0 {
		return nil, fmt.Errorf("count %q must be a whole number of 0 or more", row[3])
	}
	if len(list) == 0 || list[len(list)-1].Event != row[1] || list[len(list)-1].Provider != row[0] {
		list = append(list, Recorded{Provider: row[0], Event: row[1], Start: at.UTC()})
	}
	e := &list[len(list)-1]
	e.Counts = append(e.Counts, n)
	return list, nil
}

// markOverlaps finds the episodes that share time with another of their provider.
func markOverlaps(list []Recorded) {
	for i := range list {
		for j := range list {
			a, b := &list[i], &list[j]
			if i != j && a.Provider == b.Provider && a.Start.Before(b.end()) && b.Start.Before(a.end()) {
				a.Overlaps = true
			}
		}
	}
}

func (r *Recorded) end() time.Time {
	return r.Start.Add(time.Duration(len(r.Counts)) * RecordedStep)
}

// Verdict is how a rule did on one episode: in which of its buckets it was in
// alarm.
type Verdict struct {
	In []bool
	// Surge and Strong are the onsets by SurgeFactor and StrongFactor, -1: none.
	Surge, Strong int
	// Early are the alarms that began in the quiet buckets; those within an hour of
	// each other are one.
	Early int
	// Confidence of the baseline after the quiet buckets.
	Confidence scan.Confidence
}

// Delay is buckets from a reference to the alarm that tells it: the one that is on
// there, whose beginning may be before, or the first one after. It is false when
// there was none.
func (v *Verdict) Delay(from int) (int, bool) {
	i := from
	for i < len(v.In) && !v.In[i] {
		i++
	}
	if i == len(v.In) {
		return 0, false
	}
	for i <= from && i > 0 && v.In[i-1] {
		i--
	}
	return i - from, true
}

// Factors over the usual of a surge and of a strong one.
const (
	SurgeFactor  = 3
	StrongFactor = 10
)

// Onset is the reference that delays are counted from: the first bucket of the
// stretch that leads to the episode's peak, all of it above factor times max(1, the
// median of the quiet buckets). It is -1 when the peak is not above that.
func (r *Recorded) Onset(factor float64) int {
	if len(r.Counts) <= QuietBuckets {
		return -1
	}
	limit := factor * max(1, median(r.Counts[:QuietBuckets]))
	at := QuietBuckets
	for i, n := range r.Counts {
		if i >= QuietBuckets && n > r.Counts[at] {
			at = i
		}
	}
	if float64(r.Counts[at]) <= limit {
		return -1
	}
	for at > QuietBuckets && float64(r.Counts[at-1]) > limit {
		at--
	}
	return at
}

// FirstAbove is the reference that was used before: the first bucket after the
// quiet ones above factor times max(1, the median of all before). With a median of
// 0 or 1 it is mostly no outage.
func (r *Recorded) FirstAbove(factor float64) int {
	for i := QuietBuckets; i < len(r.Counts); i++ {
		if float64(r.Counts[i]) > factor*max(1, median(r.Counts[:i])) {
			return i
		}
	}
	return -1
}

// median of a number of counts.
func median(counts []int) float64 {
	sorted := slices.Clone(counts)
	slices.Sort(sorted)
	return float64(sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2]) / 2
}

// together is how many buckets two alarms of one episode may be apart: an hour.
const together = 4

// Judge passes an episode through a rule that says, bucket by bucket, whether it
// is in alarm.
func (r *Recorded) Judge(inAlarm func(i, count int) bool) Verdict {
	v := Verdict{Surge: r.Onset(SurgeFactor), Strong: r.Onset(StrongFactor)}
	last := -together - 1
	for i, n := range r.Counts {
		now := inAlarm(i, n)
		if now && i-last > together && i < QuietBuckets {
			v.Early++
		}
		if now {
			last = i
		}
		v.In = append(v.In, now)
	}
	return v
}

// Detector judges an episode by the detector, with nothing but the episode's own
// history.
func (r *Recorded) Detector(budget float64) (Verdict, error) {
	s, err := scan.New(scan.Config{Step: RecordedStep, Budget: budget})
	if err != nil {
		return Verdict{}, err
	}
	base := r.Start.Unix() / int64(RecordedStep/time.Second)
	confidence := scan.ConfidenceNone
	v := r.Judge(func(i, n int) bool {
		if i == QuietBuckets {
			confidence = s.Forecast(base + int64(i)).Confidence
		}
		return s.Observe(base+int64(i), scan.Observation{Count: n}).Alarm
	})
	v.Confidence = confidence
	return v, nil
}

// SimpleFactor is the rule's own.
const SimpleFactor = 3

// Simple judges an episode by the rule that a bucket is in alarm with more than
// factor times the mean of the buckets before, and at least three reports.
func (r *Recorded) Simple(factor float64) Verdict {
	sum := 0
	return r.Judge(func(i, n int) bool {
		mean := float64(sum) / float64(max(1, i))
		sum += n
		return i >= 4 && n >= 3 && float64(n) > factor*mean
	})
}
