package imports

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// noon stands for the time at which a sample without times was read.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// samples are files of our own in every format.
func samples() map[string]Options {
	return map[string]Options{
		"ooni.jsonl": {}, "federated.prom": {}, "measurements.csv": {}, "statuspage.csv": {}, "upptime.csv": {},
		"blackbox.prom": {Time: noon, Target: "https://www.shop.example/", Service: "shop"},
		"atlas.json": {Places: func(a netip.Addr) (string, string) {
			if a.String() == "203.0.113.9" {
				return "NL", "AS64496"
			}
			return "", ""
		}},
	}
}

func TestGoldens(t *testing.T) {
	for name, opts := range samples() {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			var last uint64
			for m, err := range Read(name, bytes.NewReader(raw), opts) {
				if err != nil {
					t.Fatal(err)
				}
				check(t, &m)
				if m.Sequence != last+1 {
					t.Errorf("sequence %d after %d", m.Sequence, last)
				}
				last = m.Sequence
				line, err := json.Marshal(&m)
				if err != nil {
					t.Fatal(err)
				}
				got.Write(append(line, '\n'))
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("differs from %s; run with -update and read the diff. got:\n%s", file, got.Bytes())
			}
		})
	}
}

// check says what must hold of every measurement, whatever the file says.
func check(t *testing.T, m *outage.Measurement) {
	t.Helper()
	switch {
	case !m.Failure.Known():
		t.Errorf("failure %q is not of the closed set", m.Failure)
	case m.Outcome == outage.OutcomeOK && m.Failure != "":
		t.Errorf("ok with failure %q", m.Failure)
	case m.Outcome == outage.OutcomeFail && m.Failure == "":
		t.Error("failed without a failure")
	case m.Source == "" || m.Agent == "":
		t.Errorf("source %q, agent %q", m.Source, m.Agent)
	case m.Failure != "" && m.Operation == "" && m.Source != "csv":
		t.Errorf("failure %s without its operation", m.Failure)
	}
	for _, s := range spans(m) {
		if s.T0 < 0 || s.T < 0 {
			t.Errorf("a span runs from %g to %g", s.T0, s.T)
		}
	}
	if _, err := json.Marshal(m); err != nil {
		t.Error(err)
	}
}

// A gzipped file and one with a byte order mark are the same file.
func TestWrappings(t *testing.T) {
	raw, err := os.ReadFile("testdata/upptime.csv")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(append([]byte(byteOrderMark), raw...)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range Read("packed", &packed, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 7 {
		t.Errorf("%d measurements, want 7", n)
	}
}

// Whoever stops reading is not called again.
func TestStop(t *testing.T) {
	for name, opts := range samples() {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range Read(name, bytes.NewReader(raw), opts) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d", name, n)
		}
	}
}

// Every mistake names the file, the line, the field and the remedy; what follows
// it is read.
func TestMistakes(t *testing.T) {
	ooniHead := `{"test_name":"web_connectivity","measurement_start_time":"2026-11-23 09:30:12","test_keys":`
	cases := []struct {
		name, in, want string
		opts           Options
		good           int // measurements besides
	}{
		{"empty", " \n", "f: the file is empty", Options{}, 0},
		{"nothing known", "hello\n", "f: the beginning fits none of the formats: say which it is with --format (ooni, atlas", Options{}, 0},
		{"unknown format", "x", `f: format "xml" is not known: use one of ooni`, Options{Format: "xml"}, 0},
		{"other test", `{"test_name":"dash","test_keys":{}}`, `f:1: test_name is "dash": only web_connectivity`, Options{}, 0},
		{"bad time", "\n" + `{"test_name":"web_connectivity","measurement_start_time":"noon","test_keys":{}}`, `f:2: measurement_start_time "noon" cannot be read: OONI writes`, Options{}, 0},
		{"wrong field", ooniHead + `{"tcp_connect":[{"port":"x"}]}}`, `f:1: field "test_keys.tcp_connect.port" holds a string: it should hold a int`, Options{}, 0},
		{"cut off", ooniHead + `{"queries":[`, "f:1: the file ends within this record: is it whole?", Options{Format: "ooni"}, 0},
		{"no object", ` oops {"msm_id":1}`, `'o' stands where an object should begin`, Options{Format: "atlas"}, 0},
		{"goes on", `{"msm_id":1,"type":"ntp"}` + "\n" + `{"msm_id":2,"prb_id":3,"type":"ping","timestamp":1795426200,"sent":1,"rcvd":1}`, `f:1: type "ntp" cannot be imported: ping,`, Options{}, 1},
		{"milliseconds", `{"msm_id":2,"prb_id":3,"type":"ping","timestamp":1795426200000,"sent":1,"rcvd":1}`, "lies outside 2000 to 2200: check its unit", Options{}, 0},
		{"no result", `{"msm_id":2,"prb_id":3,"type":"http","timestamp":1795426200}`, "f:1: result is missing", Options{}, 0},
		{"no time", "# TYPE probe_success gauge\nprobe_success 1\n", "f: the exposition carries no time: say with --time", Options{Target: "x"}, 0},
		{"no target", "# TYPE probe_success gauge\nprobe_success 1\n", "f: the exposition has no label target or instance: say with --target", Options{Time: noon}, 0},
		{"no success", "# TYPE probe_duration_seconds gauge\nprobe_duration_seconds 1\n", "f: no probe_success is in the exposition", Options{Time: noon}, 0},
		{"no exposition", "probe_success{ 1\n", "f:1: ", Options{Time: noon}, 0},
		{"unknown column", "time,target,colour\n", `f:1: column "colour" is not known: the columns are time, target`, Options{}, 0},
		{"no rows", "time,target\n", "f:1: the file has no rows behind its header", Options{}, 0},
		{"bad field", "time,target,status\n2026-11-23 09:30,x,abc\n2026-11-23 09:30,x,200\n", `f:2: status "abc" is no whole number from 100 to 999`, Options{}, 1},
		{"short row", "time,target,status\n2026-11-23 09:30,x\n2026-11-23 09:30,x,200\n", "f:2: the line has another number of fields", Options{}, 1},
		{"contradiction", "time,target,outcome,failure\n2026-11-23 09:30,x,ok,eof_error\n", `f:2: outcome is ok and failure is "eof_error"`, Options{}, 0},
		{"no target at all", "time,target\n2026-11-23 09:30,\n", "f:2: target and service are empty", Options{}, 0},
		{"bad result", "ts_utc,service,result\n2026-11-23 09:30,x,maybe\n", `f:2: result "maybe" is not known`, Options{}, 0},
		{"bad state", "repo,commit,ts,site,state,http_code,response_ms\na/b,1,2026-11-23T09:30:00Z,x,odd,200,1\n", `f:2: state "odd" is not known`, Options{}, 0},
		{"long line", "time,target\n" + strings.Repeat("x", 2*maxLine) + "\n", "a row has more than 65536 bytes", Options{}, 0},
		{"open quote", "time,target\n2026-11-23 09:30,\"x" + strings.Repeat("\n", 4*maxLine), "a row has more than 65536 bytes: is this a table of measurements, and is every quote closed?", Options{}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var first error
			good := 0
			for m, err := range Read("f", strings.NewReader(c.in), c.opts) {
				if err == nil {
					good++
					check(t, &m)
				} else if first == nil {
					first = err
				}
			}
			var at *Error
			if first == nil || !strings.Contains(first.Error(), c.want) || !errors.As(first, &at) || at.Name != "f" {
				t.Errorf("error %v, want %q", first, c.want)
			}
			if good != c.good {
				t.Errorf("%d measurements besides, want %d", good, c.good)
			}
		})
	}
}

// A record that never ends, and nesting without end, cost a bounded memory.
func TestHostile(t *testing.T) {
	endless := "{\"msm_id\":1,\"x\":\"" + strings.Repeat("a", maxValue) + "\"}"
	deep := `{"msm_id":` + strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_001)
	for name, in := range map[string]string{"endless": endless, "deep": deep} {
		t.Run(name, func(t *testing.T) {
			for m, err := range Read("f", strings.NewReader(in), Options{Format: "atlas"}) {
				if err == nil {
					t.Fatalf("read as %+v", m)
				}
			}
		})
	}
}

// fuzz reads whatever comes in one format: nothing may panic, and every measurement
// keeps the rules.
func fuzz(f *testing.F, format string, files ...string) {
	for _, name := range files {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		for _, line := range bytes.SplitAfter(raw, []byte{'\n'}) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for m, err := range Read("f", bytes.NewReader(raw), Options{Format: format, Time: noon, Target: "x.example"}) {
			if err == nil {
				check(t, &m)
			}
		}
	})
}

func FuzzOONI(f *testing.F)       { fuzz(f, "ooni", "ooni.jsonl") }
func FuzzAtlas(f *testing.F)      { fuzz(f, "atlas", "atlas.json") }
func FuzzBlackbox(f *testing.F)   { fuzz(f, "blackbox", "blackbox.prom", "federated.prom") }
func FuzzCSV(f *testing.F)        { fuzz(f, "csv", "measurements.csv") }
func FuzzStatuspage(f *testing.F) { fuzz(f, "statuspage", "statuspage.csv") }
func FuzzUpptime(f *testing.F)    { fuzz(f, "upptime", "upptime.csv") }
func FuzzAny(f *testing.F)        { fuzz(f, "", "ooni.jsonl", "atlas.json", "measurements.csv") }
