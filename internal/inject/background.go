package inject

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"faultline/internal/gunzip"
	"faultline/outage"
)

// Background is a recorded series of counts that outages are injected into.
type Background struct {
	Name   string
	Step   outage.Minute // minutes in a bucket
	Begin  outage.Minute // of the first bucket
	Counts []int         // of each bucket; -1: nobody looked
}

// maxBackground bounds the buckets between the first row and the last; a longer
// recording is cut by its owner.
const maxBackground = 2_000_000

// ReadBackground reads time and count from CSV (plain or gzip): the first column
// is the time in UTC, the second the count; the header may say what it wants. A
// time within a bucket belongs to it; absent rows are minutes in which nobody looked.
func ReadBackground(name string, in io.Reader, step outage.Minute) (Background, error) {
	b := Background{Name: name, Step: step}
	plain, err := gunzip.Reader(in, 1<<16)
	if err != nil {
		return b, fmt.Errorf("unpack %s: %w", name, err)
	}
	r := csv.NewReader(plain)
	r.ReuseRecord, r.FieldsPerRecord = true, 2
	if _, err := r.Read(); err != nil {
		return b, fmt.Errorf("read the header of %s: %w", name, err)
	}
	for line := 2; ; line++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b, fmt.Errorf("read %s: %w", name, err)
		}
		if err := b.add(row); err != nil {
			return b, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	if len(b.Counts) == 0 {
		return b, fmt.Errorf("%s: no rows after the header: there is nothing to inject into", name)
	}
	return b, nil
}

// add takes one row in.
func (b *Background) add(row []string) error {
	at, err := time.Parse("2006-01-02 15:04:05", strings.TrimSpace(row[0]))
	if err != nil {
		return fmt.Errorf("time %q cannot be read: use 2006-01-02 15:04:05 in UTC", row[0])
	}
	n, err := strconv.ParseFloat(row[1], 64)
	if err != nil || n < 0 || n != math.Trunc(n) || n > math.MaxInt32 {
		return fmt.Errorf("count %q must be a whole number of 0 or more", row[1])
	}
	return b.put(outage.MinuteOf(at), int(n))
}

// put adds the count of a bucket.
func (b *Background) put(m outage.Minute, n int) error {
	m -= m % b.Step
	if len(b.Counts) == 0 {
		b.Begin = m
	}
	i := int((m - b.Begin) / b.Step)
	if i < len(b.Counts) || i > maxBackground {
		return fmt.Errorf("time %s lies in or before the bucket of the row before, or more than %d buckets after the first", m, maxBackground)
	}
	for len(b.Counts) < i {
		b.Counts = append(b.Counts, -1)
	}
	b.Counts = append(b.Counts, n)
	return nil
}

// Part is a stretch of a background, in buckets.
func (b *Background) Part(from, to int) Background {
	to = min(to, len(b.Counts))
	return Background{Name: b.Name, Step: b.Step, Begin: b.Begin + outage.Minute(from)*b.Step, Counts: b.Counts[from:to]}
}

// Mean is the mean count of the buckets in which somebody looked.
func (b *Background) Mean() float64 {
	sum, n := 0.0, 0.0
	for _, c := range b.Counts {
		if c >= 0 {
			sum, n = sum+float64(c), n+1
		}
	}
	return sum / math.Max(1, n)
}

// Thin keeps each event with chance p, so that a busy site's day becomes the day
// of a service that few report.
func (b *Background) Thin(p float64, seed uint64) Background {
	r := rand.New(rand.NewPCG(seed, math.Float64bits(p)))
	out := *b
	out.Counts = make([]int, len(b.Counts))
	for i, n := range b.Counts {
		out.Counts[i] = n
		if n > 0 {
			out.Counts[i] = binomial(r, n, p)
		}
	}
	return out
}

// What counts as calm: no quarter hour above calmFactor times the mean of the hour
// before it, plus calmNoise standard deviations of a count with calmDispersion.
const (
	calmFactor     = 1.5
	calmNoise      = 3.0
	calmDispersion = 3.0
)

// Calm says whether the background has no rise of its own from bucket `from` up to
// `to`. It is judged on the counts as they are, before any thinning, by a rule that
// has nothing to do with the detector.
func (b *Background) Calm(from, to int) bool {
	quarter := max(1, int(15/b.Step))
	for i := from; i+quarter <= to; i += quarter {
		if i < 4*quarter || i+quarter > len(b.Counts) {
			return false
		}
		now, ok := sumOf(b.Counts[i : i+quarter])
		before, okBefore := sumOf(b.Counts[i-4*quarter : i])
		if !ok || !okBefore {
			return false
		}
		usual := before / 4
		if now > calmFactor*usual+calmNoise*math.Sqrt(calmDispersion*(usual+1)) {
			return false
		}
	}
	return true
}

// sumOf adds counts; false when nobody looked in one of them.
func sumOf(counts []int) (float64, bool) {
	sum := 0
	for _, n := range counts {
		if n < 0 {
			return 0, false
		}
		sum += n
	}
	return float64(sum), true
}
