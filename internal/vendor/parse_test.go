package vendor

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// noon is 2026-11-23T12:10Z, a moment of the samples.
const noon = outage.Minute(29923930)

func TestParse(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"summary.json", "quiet.json", "history.rss", "history.atom"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		r, err := parse(raw, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&b, "%s: %s, %q\n", name, r.status, r.description)
		for _, it := range r.items {
			fmt.Fprintf(&b, "  %s %q %s %s %s posted %s open %v\n", it.id, it.title, it.status, it.impact, it.link, it.posted, it.open)
		}
	}
	const golden = "testdata/parse.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got:\n%s", b.String())
	}
}

func TestParseMistakes(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "neither a Statuspage nor a feed",
		"hello":                   "neither a Statuspage nor a feed",
		"{}":                      "neither a Statuspage nor a feed",
		`{"page":{}`:              "decode the Statuspage",
		"<html><body/></html>":    "neither a Statuspage nor a feed",
		"<rss><channel>":          "decode the feed",
		`{"page":{},"status":{}}`: `the indicator "" of the Statuspage is not known`,
		`<?xml version="1.0" encoding="klingon"?><rss></rss>`: `character set "klingon"`,
	} {
		if r, err := parse([]byte(in), noon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", in, r, err, want)
		}
	}
}

func TestStage(t *testing.T) {
	for _, c := range [][3]string{
		{"Service is operating normally: [RESOLVED] Increased errors", "", "resolved"},
		{"Informational message: [RESOLVED] slow", "investigating", "resolved"},
		{"Checkout", " Update - still on it. Investigating - ", "update"},
		{"Checkout is back to normal", "", "resolved"},
		{"Nothing said", "", ""},
	} {
		if got := stage(c[0], c[1]); got != c[2] {
			t.Errorf("%q, %q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

// A page that is nested without end, or has endless entries, costs little.
func TestHostilePages(t *testing.T) {
	many := "<rss><channel>" + strings.Repeat("<item><title>x</title><guid>1</guid></item>", 50_000) + "</channel></rss>"
	r, err := parse([]byte(many), noon)
	if err != nil || len(r.items) != maxItems || !r.truncated {
		t.Errorf("%v; %d items", err, len(r.items))
	}
	for _, in := range []string{
		"<rss>" + strings.Repeat("<a>", 100_000),
		"{\"page\":" + strings.Repeat("[", 100_000),
		"<!DOCTYPE x [<!ENTITY a \"" + strings.Repeat("a", 1000) + "\">]><rss><channel><item><title>&a;&a;</title><guid>1</guid></item></channel></rss>",
	} {
		if r, err := parse([]byte(in), noon); err == nil && len(r.items) > 0 && len(r.items[0].title) > maxTitle {
			t.Errorf("%.20s: %+v", in, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"summary.json", "quiet.json", "history.rss", "history.atom"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := parse(raw, noon)
		if err != nil {
			return
		}
		s, _ := begin("x", "p", nil).see(noon, r)
		if _, err := json.Marshal(&s.word); err != nil {
			t.Error(err)
		}
		if len(s.word.Incidents) > maxIncidents || len(s.word.Description) > maxTitle {
			t.Errorf("a word is too large: %d incidents", len(s.word.Incidents))
		}
		if again, changed := s.see(noon+1, r); changed {
			t.Errorf("the same page is another word: %+v, then %+v", s.word, again.word)
		}
	})
}
