package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// proc reads what the kernel says of a process.
type proc int

// status is a line of /proc/PID/status in bytes, such as VmRSS or VmHWM.
func (p proc) status(t testing.TB, field string) float64 {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), field+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib * 1024
		}
	}
	t.Fatalf("process %d has no %s", p, field)
	return 0
}

// clockTick is what the kernel counts processor time in, for every architecture
// that Go knows (USER_HZ).
const clockTick = 10 * time.Millisecond

// used is the processor time of the process so far, its own and the kernel's for it.
func (p proc) used(t testing.TB) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var sum time.Duration
	for _, field := range fields[11:13] { // utime and stime, the 14th and 15th of proc(5)
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(n) * clockTick
	}
	return sum
}

// descriptors that the process has open.
func (p proc) descriptors(t testing.TB) float64 {
	t.Helper()
	list, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p))
	if err != nil {
		t.Fatal(err)
	}
	return float64(len(list))
}

// metric reads a number from a page of metrics.
func metric(page, name string) (float64, bool) {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v, err == nil
		}
	}
	return 0, false
}

// median of a list, which stays as it is.
func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// growth is how much a line through evenly spaced values rises from the first to the
// last: the median of the slopes of all pairs (Theil and Sen), so that one value that
// is far off moves nothing.
func growth(values []float64) float64 {
	var slopes []float64
	for i := range values {
		for j := range i {
			slopes = append(slopes, (values[i]-values[j])/float64(i-j))
		}
	}
	return median(slopes) * float64(max(len(values)-1, 0))
}

func TestGrowth(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{3}, 0}, {[]float64{1, 2, 3, 4}, 3}, {[]float64{5, 5, 900, 5, 5}, 0}, {[]float64{4, 2, 0}, -4},
	} {
		if got := growth(test.values); got != test.want {
			t.Errorf("%v grows by %v, want %v", test.values, got, test.want)
		}
	}
}
