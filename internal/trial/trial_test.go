package trial

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/outage"
)

func TestQuietHasItsMeanAndVariance(t *testing.T) {
	for _, q := range []Quiet{
		{Mean: 0.2, Dispersion: 3}, {Mean: 20, Dispersion: 3}, {Mean: 200, Dispersion: 3}, {Mean: 40, K: 5},
	} {
		var n, sum, squares float64
		last := outage.Minute(0)
		for p := range q.Minutes(1, 30) {
			if last != 0 && p.Minute != last+1 {
				t.Fatalf("minute %s after %s", p.Minute, last)
			}
			last = p.Minute
			x := float64(p.Total())
			n, sum, squares = n+1, sum+x, squares+x*x
		}
		mean := sum / n
		got, want := squares/n/mean-mean, q.Dispersion
		if q.K > 0 {
			want = 1 + q.Mean/q.K
		}
		if n != 30*1440 || math.Abs(mean/q.Mean-1) > 0.06 || math.Abs(got/want-1) > 0.12 {
			t.Errorf("%+v: %g minutes of mean %g and dispersion %g", q, n, mean, got)
		}
	}
}

func TestQuietIsTheSameAgain(t *testing.T) {
	q := Quiet{Mean: 5, Dispersion: 3, Shape: 0.5, Drift: 0.2, Seed: 9}
	sums := map[int]int{}
	for _, service := range []int{1, 1, 2} {
		h := 0
		for p := range q.Minutes(service, 2) {
			h = h*31 + p.Total()
		}
		if before, ok := sums[service]; ok && before != h {
			t.Errorf("service %d was drawn differently", service)
		}
		sums[service] = h
	}
	if sums[1] == sums[2] {
		t.Error("two services are the same")
	}
}

func TestQuietIsChecked(t *testing.T) {
	for _, q := range []Quiet{{Dispersion: 3}, {Mean: -1, Dispersion: 3}, {Mean: 1}, {Mean: 1, Dispersion: 0.5}, {Mean: 1, K: -1}, {Mean: 1, K: 5, Shape: 2}, {Mean: 1, K: 5, Drift: -1}} {
		if q.Validate() == nil {
			t.Errorf("%+v was accepted", q)
		}
	}
}

const recordedHead = "provider,event,ts_utc,reports_15min\n"

func TestReadRecordedRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "read the header of f",
		"a,b\n":                       "f:1: the columns are",
		recordedHead + "p,e,noon,1\n": `f:2: time "noon"`,
		recordedHead + "p,e,2020-01-01T00:00:00Z,-1\n": `f:2: count "-1"`,
		recordedHead + "p,e\n":                         "read f",
		"\x1f\x8bnonsense":                             "unpack f",
	} {
		if _, err := ReadRecorded("f", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	r := Recorded{Counts: append(make([]int, 40), 4, 3, 4, 50, 60, 2)}
	v := r.Judge(func(i, n int) bool { return i == 5 || n > 40 })
	if a, b, c := r.FirstAbove(SurgeFactor), r.Onset(SurgeFactor), r.Onset(StrongFactor); a != 40 || b != 42 || c != 43 || v.Early != 1 {
		t.Errorf("first above 3 at %d, onset %d, strong onset %d, early %d", a, b, c, v.Early)
	}
	for from, want := range map[int]int{42: 1, 43: 0, 44: -1} {
		if d, ok := v.Delay(from); d != want || !ok {
			t.Errorf("delay from %d is %d %v, want %d", from, d, ok, want)
		}
	}
	if _, ok := v.Delay(45); ok {
		t.Error("an alarm after the last one")
	}
	if at := (&Recorded{Counts: make([]int, 50)}).Onset(3); at != -1 {
		t.Errorf("nothing has its onset at %d", at)
	}
}

// sharedData finds data that others recorded, beside the repository.
func sharedData(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above: cannot look for shared data")
		}
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no recorded data at %s", name)
	}
	return path
}

// TestRecordedEpisodes holds the detector to what it does on real reports.
func TestRecordedEpisodes(t *testing.T) {
	path := sharedData(t, "downdetector/cloud_15min.csv.gz")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	episodes, err := ReadRecorded(path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	early, strong, soon := 0, 0, 0
	for i := range episodes {
		v, err := episodes[i].Detector(1)
		if err != nil {
			t.Fatal(err)
		}
		if !episodes[i].Overlaps {
			early += v.Early
		}
		if at := episodes[i].Onset(StrongFactor); at >= 0 {
			strong++
			if d, ok := v.Delay(at); ok && d <= 1 {
				soon++
			}
		}
	}
	t.Logf("%d episodes: %d false alarms, %d of %d strong surges found within one bucket", len(episodes), early, soon, strong)
	if len(episodes) != 132 || early > 3 || soon < strong*8/10 {
		t.Errorf("%d episodes: %d false alarms, %d of %d strong surges found within one bucket", len(episodes), early, soon, strong)
	}
}

func FuzzReadRecorded(f *testing.F) {
	f.Add([]byte(recordedHead + "p,e,2020-01-01T00:00:00Z,1\np,e,2020-01-01T00:15:00Z,100\n"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		episodes, err := ReadRecorded("f", bytes.NewReader(data))
		if err != nil {
			return
		}
		for i := range episodes {
			if v := episodes[i].Simple(3); len(v.In) != len(episodes[i].Counts) || episodes[i].Onset(3) >= len(v.In) {
				t.Errorf("alarm after the end: %+v", v)
			}
		}
	})
}
