package measured

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"faultline/internal/stream"
	"faultline/outage"
)

const begin = outage.Minute(29552220) // 2026-03-10T17:00Z

// line is a measurement of an agent, so many seconds after the beginning.
func line(agent, service string, second int, more string) string {
	at := begin.Time().Add(time.Duration(second) * time.Second).Format(time.RFC3339)
	return fmt.Sprintf(`{"agent":%q,"sequence":%d,"time":%q,"vantage":{"country":"DE","network":"AS64500"},`+
		`"target":{"service":%q,"url":"https://x.example/","host":"x.example"},"outcome":"ok"%s}`, agent, second, at, service, more)
}

// told are the facts and ends of minutes that come out, a word each, minutes counted
// from the beginning.
func told(t *testing.T, r *Reader) string {
	t.Helper()
	entries, err := r.Entries()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		switch {
		case e.Kind == stream.KindTick && e.Topic == stream.Measurements.Name:
			out = append(out, fmt.Sprintf("|%d", e.Minute-begin))
		case e.Kind == stream.KindFact:
			m, err := stream.Measurements.Decode(e.Record)
			if err != nil {
				t.Fatal(err)
			}
			if m.Received != e.Minute || m.Late {
				t.Errorf("%s counts in %s and says %s, late %v", m.Key(), e.Minute, m.Received, m.Late)
			}
			word := m.Agent + "/" + m.Target.Service
			if m.Target.Role == outage.RoleControl {
				word = m.Agent + "/control"
			}
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	late := fmt.Sprintf(`,"received":%q,"late":true`, begin+30)
	slow := fmt.Sprintf(`,"received":%q`, begin+1)
	clock := `,"clock":{"offset_ms":-90000,"synced":true}`
	for name, c := range map[string]struct {
		files   []string
		options Options
		want    string
	}{
		"by time, with minutes between": {[]string{line("b", "x", 130, "") + "\n" + line("a", "x", 5, "")}, Options{}, "a/x |0 |1 b/x |2"},
		"over files":                    {[]string{line("b", "x", 9, ""), line("a", "x", 5, "")}, Options{}, "a/x b/x |0"},
		"received a minute later":       {[]string{line("a", "x", 5, slow) + line("b", "x", 70, "")}, Options{}, "a/x b/x |1"},
		"late, in its own minute":       {[]string{line("a", "x", 5, late)}, Options{}, "a/x |0"},
		"by the corrected clock":        {[]string{line("a", "x", 95, clock)}, Options{}, "a/x |0"},
		"a long silence":                {[]string{line("a", "x", 0, "") + line("a", "x", 60*62, "")}, Options{}, "a/x |0 a/x |62"},
		"twice":                         {[]string{line("a", "x", 5, ""), line("a", "x", 5, "")}, Options{}, "a/x |0"},
		"twice, of a chain":             {[]string{line("a", "x", 5, `,"hash":"h"`), line("a", "x", 5, `,"hash":"h","received":"2026-03-10T17:00Z"`)}, Options{}, "a/x |0"},
		"an array":                      {[]string{"[" + line("a", "x", 5, "") + ",\n" + line("b", "x", 6, "") + "]"}, Options{}, "a/x b/x |0"},
		"an answer":                     {[]string{`{"total":1,"measurements":[` + line("a", "x", 5, "") + `],"next":"1-2"}`}, Options{}, "a/x |0"},
		"looks by hand": {[]string{`{"target":"x","measurements":[` + line("local", "", 5, "") + `],"explanation":{}}`, line("local", "", 6, "")},
			Options{Service: "x"}, "local (0.json) DE AS64500/x local (1.json) DE AS64500/x |0"},
		"looks from nowhere": {[]string{strings.Replace(line("", "x", 5, ""), `"vantage":{"country":"DE","network":"AS64500"},`, "", 1)}, Options{}, "local (0.json)/x |0"},
		"a source without vantage points": {[]string{line("ooni", "x", 5, `,"source":"ooni"`) + line("import:ooni", "x", 6, `,"source":"ooni"`) + line("atlas/7", "x", 7, `,"source":"atlas"`)},
			Options{}, "atlas/7/x import:ooni DE AS64500/x ooni DE AS64500/x |0"},
		"controls": {[]string{line("a", "y", 5, "") + line("a", "x", 6, "") + line("a", "z", 7, "")}, Options{Controls: []string{"y"}}, "a/control a/x a/z |0"},
		"a control by its host": {[]string{strings.Replace(line("a", "", 5, ""), "x.example", "c.example", 2) + line("a", "x", 6, "")},
			Options{Controls: []string{"C.example"}}, "a/control a/x |0"},
		"fields that nobody knows": {[]string{line("a", "x", 5, `,"mood":{"good":true}`)}, Options{}, "a/x |0"},
		"left out": {[]string{line("a", "x", 5, "") + line("a", "x", 6, `,"kind":"change"`) + line("a", "", 7, "") + line("a", "x", 8, `,"gap":{}`)},
			Options{}, "a/x |0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(c.options)
			for i, text := range c.files {
				if err := r.Add(fmt.Sprintf("/some/where/%d.json", i), strings.NewReader(text)); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Check(); err != nil {
				t.Error(err)
			}
			if got := told(t, r); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	r := New(Options{Controls: []string{"c"}})
	text := line("a", "x", 5, "") + line("b", "x", 61, `,"failure":"generic_timeout_error"`) + line("a", "c", 6, "") + line("a", "x", 5, "") +
		line("a", "", 7, "") + line("a", "x", 8, `,"kind":"snapshot"`) + line("a", "x", 9, `,"gap":{}`) + line("a", "y", 9, "")
	text = strings.Replace(text, `"ok","failure"`, `"fail","failure"`, 1)
	if err := r.Add("x.json", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	told(t, r)
	s := r.Summary()
	if s.Records != 4 || s.AtControls != 1 || s.From != begin || s.To != begin+1 || s.Minutes != 2 || s.Twice != 1 || s.Nameless != 1 || s.Changes != 1 || s.Lost != 1 || len(s.Services) != 2 {
		t.Errorf("%+v", s)
	}
	if x := s.Services[0]; x.Service != "x" || x.Attempts != 2 || x.Failed != 1 || x.Minutes != 2 || fmt.Sprint(x.Vantages, x.Networks) != "[a b] [AS64500]" {
		t.Errorf("%+v", x)
	}
}

// What cannot be read names its file, its line and what to do.
func TestBadInput(t *testing.T) {
	ok := line("a", "x", 5, "")
	packed := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s)) // to memory
		_ = z.Close()
		return b.String()
	}
	if err := New(Options{}).Add("x", strings.NewReader(packed(ok))); err != nil {
		t.Errorf("packed: %v", err)
	}
	for want, text := range map[string]string{
		"own.json: it holds no measurement":      "",
		"own.json:2: this is no JSON":            ok + "\ntitle: a case\n",
		"facts in YAML are diagnosed without":    "title: a case\n",
		"own.json:3: the file ends within":       ok + "\n\n" + ok[:40],
		"own.json:2: it has no time":             ok + "\n{\"feature\":\"syn_loss\"}",
		"own.json:3: outcome \"fine\" is none":   ok + "\n[" + ok + ",\n" + strings.Replace(ok, `"outcome":"ok"`, `"outcome":"fine"`, 1) + "]",
		"own.json:4: failure \"tired\"":          "{\"measurements\":\n[\n" + ok + ",\n" + line("a", "x", 5, `,"failure":"tired"`) + "]}",
		"between the years 2000 and 2200":        strings.Replace(ok, "2026-", "1726-", 1),
		`field "tcp.rtt_ms" holds a string`:      line("a", "x", 5, `,"tcp":{"rtt_ms":"quick"}`),
		"it cannot be read: parsing time":        strings.Replace(ok, "2026-03", "yesterday", 1),
		"is 1e+300 ms off":                       line("a", "x", 5, `,"clock":{"offset_ms":1e300,"synced":true}`),
		"have at most 100 bytes":                 line(strings.Repeat("a", 101), "x", 5, ""),
		"stands where a measurement should":      ok + "\n7\n",
		"own.json:1: \"[]\" stands where a meas": "[[]]",
		"is the file whole":                      packed(ok)[:30],
		"own.json:1: \"null\" stands where a me": "null",
	} {
		err := New(Options{}).Add("own.json", strings.NewReader(text))
		var at *Error
		if !errors.As(err, &at) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// What was asked for and is not there is named, with what is.
func TestCheck(t *testing.T) {
	for want, c := range map[string]struct {
		text    string
		options Options
	}{
		`no record is of service "shap" (did you mean "shop"?): they are of shop`: {line("a", "shop", 5, ""), Options{Service: "shap"}},
		`control "c.example": no record is of such`:                               {line("a", "shop", 5, ""), Options{Controls: []string{"c.example"}}},
		"none of 1 records names a service: say which":                            {line("a", "", 5, ""), Options{}},
		"1 records tell of a change or a state":                                   {line("a", "x", 5, `,"kind":"change"`), Options{}},
		"no record is of a service":                                               {line("a", "x", 5, ""), Options{Controls: []string{"x"}}},
		"and 2 more":                                                              {services(12), Options{Service: "other"}},
	} {
		r := New(c.options)
		if err := r.Add("own.json", strings.NewReader(c.text)); err != nil {
			t.Fatal(err)
		}
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func services(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line("a", fmt.Sprintf("service-%02d", i), i, ""))
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	r := New(Options{})
	r.read = MaxRecords
	if err := r.Add("own.json", strings.NewReader(line("a", "x", 5, ""))); err == nil || !strings.Contains(err.Error(), "more than 200000 records") {
		t.Errorf("%v", err)
	}
	r = New(Options{})
	r.room = 10
	if err := r.Add("own.json", strings.NewReader(line("a", "x", 5, ""))); err == nil || !strings.Contains(err.Error(), "more than 256 MB") {
		t.Errorf("%v", err)
	}
	r = New(Options{})
	var b strings.Builder
	for m := 0; m <= int(MaxMinutes)+60; m += 60 {
		b.WriteString(line("a", "x", 60*m, ""))
	}
	if err := r.Add("own.json", strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Entries(); err == nil || !strings.Contains(err.Error(), "more than 31 days") {
		t.Errorf("%v", err)
	}
}

// Whatever a file holds, it ends in records that can be played or in an error that says
// where.
func FuzzAdd(f *testing.F) {
	f.Add([]byte(line("a", "x", 5, `,"received":"2026-03-10T17:01Z","hash":"h"`)))
	f.Add([]byte(`{"measurements":[` + line("local", "", 5, "") + `]}`))
	f.Add([]byte(`[[{"time":"2026-03-10T17:00:00Z","outcome":"fail","target":{"role":"control"},"clock":{"offset_ms":1e300,"synced":true}}]]`))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := New(Options{Service: "x", Controls: []string{"c"}})
		if err := r.Add("own.json", bytes.NewReader(data)); err != nil {
			if !utf8.ValidString(err.Error()) && utf8.Valid(data) {
				t.Fatalf("the error is no text: %q", err)
			}
			return
		}
		entries, err := r.Entries()
		if err != nil {
			return
		}
		last := outage.Minute(0)
		for _, e := range entries {
			if e.Minute < last {
				t.Fatalf("minute %s after %s", e.Minute, last)
			}
			last = e.Minute
			if e.Kind == stream.KindFact {
				if _, err := stream.Measurements.Decode(e.Record); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
