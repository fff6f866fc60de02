package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"faultline/internal/pipeline"
	"faultline/internal/publish"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// hosted are services by the address that they answer from. The catalog names the
// provider of the first three; the others it knows nothing of.
var hosted = map[string]string{
	"a": "192.0.2.10", "b": "192.0.2.11", "c": "198.51.100.12",
	"p": "203.0.113.1", "q": "203.0.113.2", "r": "203.0.113.3", "far": "198.18.0.1", "off": "198.19.0.1",
}

// besideLine is a line of followers that knows a provider.
func besideLine(t *testing.T) []*stream.Follower {
	t.Helper()
	services := []outage.Service{{ID: "cdn"}}
	for _, id := range []string{"a", "b", "c"} {
		services = append(services, outage.Service{ID: id, Providers: []string{"cdn"}})
	}
	line, err := pipeline.ToIncidents(services)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := pipeline.ToVerdicts(services, "")
	if err != nil {
		t.Fatal(err)
	}
	line = append(line, verdicts, publish.NewFollower(publish.Config{Names: map[string]string{"cdn": "CDN"}}))
	for _, f := range line {
		f.Strict = true
	}
	return line
}

// besideMinute makes what the watchers measure in a minute: those of fails answer with
// errors.
func besideMinute(t *testing.T, m outage.Minute, fails string) []stream.Entry {
	t.Helper()
	var out []stream.Entry
	keep := func(x *outage.Measurement) {
		e, err := stream.Measurements.Entry(m, x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	for _, w := range watchers {
		seq := int(m-sceneBegin) * 20
		for _, url := range []string{"https://one.example/", "https://two.example/"} {
			seq++
			keep(measuredBy(w, m, seq, outage.Target{URL: url, Host: "control.example", Role: outage.RoleControl, Family: 4}, ""))
		}
		for _, id := range []string{"a", "b", "c", "p", "q", "r", "far", "off"} {
			seq++
			failure := outage.Failure("")
			if strings.Contains(fails, id) {
				failure = outage.FailureHTTP5xx
			}
			keep(measuredBy(w, m, seq, outage.Target{
				Service: id, URL: "https://" + id + ".example/", Host: id + ".example", Address: hosted[id], Role: outage.RolePrimary, Family: 4,
			}, failure))
		}
	}
	return append(out, stream.Tick(stream.Reports.Name, m, false), stream.Tick(stream.Measurements.Name, m, false), stream.Tick(stream.Observations.Name, m, false))
}

// From measurements to bulletins: three services of a provider fail together and it gets
// one incident; three that answer from addresses side by side are linked; parts that
// begin anew in the middle say the same.
func TestProviderFromMeasurements(t *testing.T) {
	through, again := memory.New(), memory.New()
	first, second := besideLine(t), besideLine(t)
	for i := range 60 {
		fails := ""
		if i >= 20 && i < 40 {
			fails = "abc"
		}
		if i >= 42 && i < 50 {
			fails = "pqr"
		}
		entries := besideMinute(t, sceneBegin+outage.Minute(i), fails)
		for _, log := range []stream.Log{through, again} {
			if err := log.Append(t.Context(), entries, nil); err != nil {
				t.Fatal(err)
			}
		}
		if i%11 == 10 {
			drain(t.Context(), t, second, again)
			second = besideLine(t) // without snapshots: it folds the log anew
		}
	}
	drain(t.Context(), t, first, through)
	drain(t.Context(), t, second, again)
	story, other := besideStory(t, through), besideStory(t, again)
	if story != other {
		t.Errorf("parts that began anew say\n%s\nand those that ran through\n%s", other, story)
	}
	const want = `a probes provider cdn
b probes provider cdn
c probes provider cdn
cdn tenants a b c of 3, 5 of 5 spared, error; tenant a; tenant b; tenant c
p probes common cause suspected q; common cause suspected r
q probes common cause suspected p; common cause suspected r
r probes common cause suspected p; common cause suspected q
CDN: services that stand on it begin to fail
CDN: services that stand on it fail together
CDN: services that stand on it recover
`
	if story != want {
		t.Errorf("%s\nwant\n%s", story, want)
	}
}

// besideStory is the last revision of each incident, and the headlines of the provider.
func besideStory(t *testing.T, log *memory.Log) string {
	t.Helper()
	last := map[string]*outage.Incident{}
	for _, r := range facts(t, log, stream.Incidents.Name) {
		i, err := stream.Incidents.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		last[i.Service] = i
	}
	var lines []string
	for _, i := range last {
		text := i.Service + " " + i.Basis
		var parts []string
		if x := i.Tenants; x != nil {
			parts = append(parts, fmt.Sprintf("%s of %d, %d of %d spared, %s", strings.Join(x.Failing, " "), x.Watched, x.Spared, x.Elsewhere, x.Manner))
		}
		for _, l := range i.Links {
			parts = append(parts, l.Why+" "+l.Service)
		}
		lines = append(lines, text+" "+strings.Join(parts, "; "))
	}
	slices.Sort(lines)
	for _, r := range facts(t, log, stream.Bulletins.Name) {
		b, err := stream.Bulletins.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		if b.Service == "cdn" {
			lines = append(lines, b.Headline)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// facts reads the facts of a topic.
func facts(t *testing.T, log stream.Log, topic string) []stream.Record {
	t.Helper()
	recs, err := log.Read(t.Context(), topic, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(recs, func(r stream.Record) bool { return r.Kind != stream.KindFact })
}
