package replay

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/outage"
)

// write makes a file of lines.
func write(t *testing.T, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns every report of a recording as text.
func read(t *testing.T, o Options, stdin io.Reader, names ...string) (string, error) {
	t.Helper()
	rec, err := Open(names, stdin, o)
	if err != nil {
		return "", err
	}
	defer func() {
		if err := rec.Close(); err != nil {
			t.Error(err)
		}
	}()
	var b strings.Builder
	for {
		r, err := rec.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%s %s %s/%s/%s/%s %d\n", r.Minute.Time().Format("15:04"), r.Service, r.Category, r.Country, r.Network, r.Reporter, r.Weight)
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		step  outage.Minute
		want  string
	}{
		{"presses", []string{
			`{"time":"2025-03-10T09:30:12Z","service":"x","category":"app","country":"US","reporter":"a"}`, ``,
			`{"time":"2025-03-10T11:31:00+01:00","service":"x","weight":3}`,
			`{"minute":"2025-03-10T09:40Z","service":"x","weight":1,"id":"r1","window":"2025-03-10T09:40Z","source":"press"}`,
			`{"time":"2025-03-10 09:50","service":"x","weight":0,"aside":1,"reason":"cap"}`,
		}, 0, "09:30 x app/US//a 1\n09:40 x /// 1\n10:31 x /// 3\n"},
		{"repeats within half an hour", []string{
			`{"time":"2025-03-10T09:30:12Z","service":"x","reporter":"a"}`,
			`{"time":"2025-03-10T09:59:59Z","service":"x","reporter":"a"}`,
			`{"time":"2025-03-10T09:59:59Z","service":"y","reporter":"a"}`,
			`{"time":"2025-03-10T10:00:00Z","service":"x","reporter":"a"}`,
		}, 0, "09:30 x ///a 1\n09:59 y ///a 1\n10:00 x ///a 1\n"},
		{"counts by the minute", []string{
			"count,time,service", "3,2025-03-10 09:30,x", "0,2025-03-10 09:31,x", "2,2025-03-10 09:32:00,x",
		}, 0, "09:30 x /// 3\n09:31 x /// 0\n09:32 x /// 2\n"},
		{"buckets of five minutes", []string{
			"time,service,count,country,category,network",
			"2025-03-10T09:30:00Z,x,1,US,app,AS7922", `2025-03-10T09:35:00Z,x,"6",US,app,`, "2025-03-10T09:40:00Z,x,0,,,",
		}, 0, "09:30 x app/US/AS7922/ 0\n09:32 x app/US/AS7922/ 1\n" +
			"09:35 x app/US// 1\n09:36 x app/US// 1\n09:37 x app/US// 2\n09:38 x app/US// 1\n09:39 x app/US// 1\n09:40 x /// 0\n"},
		{"a given step", []string{"time,service,count", "2025-03-10 09:30,x,2", "2025-03-10 09:50,x,1"}, 2,
			"09:30 x /// 1\n09:31 x /// 1\n09:50 x /// 0\n09:51 x /// 1\n"},
		{"slightly out of order", []string{"time,service,count", "2025-03-10 09:31,x,2", "2025-03-10 09:30,x,1", "2025-03-10 09:32,x,1"}, 0,
			"09:30 x /// 1\n09:31 x /// 2\n09:32 x /// 1\n"},
		{"a rare cell has the step of its service", []string{
			"time,service,count,country", "2025-03-10 09:30,x,1,IE", "2025-03-10 09:31,x,2,US", "2025-03-10 09:32,x,2,US", "2025-03-10 10:31,x,1,IE",
		}, 0, "09:30 x /IE// 1\n09:31 x /US// 2\n09:32 x /US// 2\n10:31 x /IE// 1\n"},
		{"nothing", nil, 0, ""},
		{"a header alone", []string{"\ufefftime,service,count"}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(t, Options{Step: c.step}, nil, write(t, "recording", c.lines...))
			if err != nil || got != c.want {
				t.Errorf("got %q, error %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestSourcesAreMerged(t *testing.T) {
	a := write(t, "a.csv", "time,service,count", "2025-03-10 09:30,x,1", "2025-03-10 09:32,x,1", "2025-03-10 09:31,x,7")
	b := write(t, "b.ndjson", `{"time":"2025-03-10T09:31:00Z","service":"y"}`)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprintln(z, "time,service,count\n2025-03-10 09:29,z,4")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := read(t, Options{}, &packed, a, b, Stdin)
	want := "09:29 z /// 4\n09:30 x /// 1\n09:31 x /// 7\n09:31 y /// 1\n09:32 x /// 1\n"
	if err != nil || got != want {
		t.Errorf("got %q, error %v; want %q", got, err, want)
	}
}

// TestMistakes checks that each names the place and the remedy.
func TestMistakes(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"no time", []string{`{"service":"x"}`}, "recording:1: the time is missing"},
		{"bad json", []string{`{"time":"2025-03-10T09:30:00Z","service":"x"}`, `{"time"`}, "recording:2: "},
		{"bad time", []string{`{"time":"yesterday","service":"x"}`}, `time "yesterday" cannot be read: write`},
		{"milliseconds", []string{`{"time":"3025-03-10T09:30:00Z","service":"x"}`}, "lies outside 1990 to 2200"},
		{"no service", []string{`{"time":"2025-03-10T09:30:00Z"}`}, "the service is missing"},
		{"weight of one person", []string{`{"time":"2025-03-10T09:30:00Z","service":"x","reporter":"a","weight":2}`}, "one person has weight 1"},
		{"country", []string{`{"time":"2025-03-10T09:30:00Z","service":"x","country":"usa"}`}, "two capital letters"},
		{"long name", []string{`{"time":"2025-03-10T09:30:00Z","service":"` + long + `"}`}, "use at most 64"},
		{"unknown column", []string{"time,service,count,colour"}, `recording:1: column "colour" is not known`},
		{"column twice", []string{"time,service,count,time"}, `column "time" is there twice`},
		{"missing column", []string{"time,count"}, `column "service" is missing`},
		{"fields", []string{"time,service,count", "2025-03-10 09:30,x"}, "recording:2: 2 fields where the header has 3"},
		{"fraction", []string{"time,service,count", "2025-03-10 09:30,x,1.5"}, `count "1.5" is not a whole number`},
		{"negative", []string{"time,service,count", "2025-03-10 09:30,x,-1"}, "count -1: use 0 to"},
		{"open quote", []string{"time,service,count", `2025-03-10 09:30,"x,1`}, "a quoted field ends on its line"},
		{"twice", []string{"time,service,count", "2025-03-10 09:30,x,1", "2025-03-10 09:30,x,1"}, "recording:3: the count of this cell at 2025-03-10T09:30Z is in "},
		{"out of order", []string{"time,service,count", "2025-03-10 11:30,x,1", "2025-03-10 11:31,x,1", "2025-03-10 09:30,x,1", "2025-03-10 09:31,x,1"}, "recording:4: time 2025-03-10T09:30Z comes more than 60 minutes after 2025-03-10T11:31Z: sort the file by time"},
		{"long bucket", []string{"time,service,count", "2025-03-10 09:30,x,1", "2025-03-12 09:30,x,1", "2025-03-14 09:30,x,1"}, "--step"},
		{"long line", []string{"time,service,count", strings.Repeat("9", maxLine+1)}, "recording:2: the line is longer than"},
		{"cut short", []string{"\x1f\x8b\x08\x00"}, "is it a whole gzip file?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, Options{}, nil, write(t, "recording", c.lines...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	unknown := errors.New("unknown service")
	path := write(t, "r", `{"time":"2025-03-10T09:30:00Z","service":"x"}`)
	if _, err := Open([]string{path}, nil, Options{Check: func(*Row) error { return unknown }}); !errors.Is(err, unknown) {
		t.Errorf("error %v, want %v", err, unknown)
	}
	if _, err := Open([]string{filepath.Join(t.TempDir(), "absent")}, nil, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want one of a missing file", err)
	}
	if _, err := Open([]string{Stdin, Stdin}, strings.NewReader(""), Options{}); err == nil {
		t.Error("standard input was read twice")
	}
	if _, err := Open(nil, nil, Options{Step: maxStep + 1}); err == nil {
		t.Error("a step of more than a day was taken")
	}
	broken := iotestReader{errors.New("no more")}
	if _, err := Open([]string{Stdin}, broken, Options{}); !errors.Is(err, broken.err) {
		t.Errorf("error %v, want %v", err, broken.err)
	}
}

type iotestReader struct{ err error }

func (r iotestReader) Read([]byte) (int, error) { return 0, r.err }

func TestSpreadKeepsTheSum(t *testing.T) {
	for _, step := range []outage.Minute{1, 5, 15, 60, outage.Day} {
		for _, n := range []int{0, 1, 2, 7, 15, 1000, 22000} {
			sum, high, low := 0, 0, n
			for _, v := range spread(n, step) {
				sum, high, low = sum+v, max(high, v), min(low, v)
			}
			if sum != n || high-low > 1 {
				t.Errorf("%d over %d minutes: sum %d, from %d to %d", n, step, sum, low, high)
			}
		}
	}
}

// FuzzDecode checks that no line breaks a decoder and that what is taken is sound.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"time":"2025-03-10T09:30:00Z","service":"x","weight":2}`))
	f.Add([]byte("time,service,count"))
	f.Add([]byte(`2025-03-10 09:30,"x",7`))
	f.Fuzz(func(t *testing.T, line []byte) {
		table, err := newCounts("time,service,count")
		if err != nil {
			t.Fatal(err)
		}
		formats := []format{presses{}, table}
		if len(line) > 0 {
			if other, err := detect(line); err == nil {
				formats = append(formats, other)
			}
		}
		for _, d := range formats {
			r, _, err := d.decode(line)
			if err == nil && (r.check() != nil || r.Minute < earliest || r.Minute > latest) {
				t.Errorf("taken: %+v", r)
			}
		}
	})
}

// FuzzFile checks that no file breaks the reader and that time only grows.
func FuzzFile(f *testing.F) {
	f.Add([]byte("time,service,count\n2025-03-10 09:30,x,7\n2025-03-10 09:45,x,7\n"))
	f.Add([]byte("\x1f\x8b\x08garbage"))
	f.Add([]byte(`{"time":"2025-03-10T09:30:00Z","service":"x","reporter":"a"}` + "\n" + `{"time":"2025-03-10T09:29:00Z","service":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := Open([]string{Stdin}, bytes.NewReader(data), Options{})
		if err != nil {
			return
		}
		defer rec.Close()
		last := outage.Minute(0)
		for {
			r, err := rec.Next()
			if err != nil {
				return
			}
			if r.Minute < last || r.Weight < 0 {
				t.Fatalf("report %+v after %s", r, last)
			}
			last = r.Minute
		}
	})
}
