package recording_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"faultline/internal/measured"
	"faultline/internal/pipeline"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/lab/recording"
	"faultline/outage"
)

// What agents of a run have measured, given to anybody as files in another order, is
// judged as the hub would have without people's reports.
func TestMeasurementsAlone(t *testing.T) {
	files, err := filepath.Glob("../testdata/recorded/d*.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no run is recorded in lab/testdata/recorded: make lab records them")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl.gz"), func(t *testing.T) {
			r, err := recording.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			services, err := r.Services()
			if err != nil {
				t.Fatal(err)
			}
			last := outage.Minute(0) // that ended while the hub ran
			for _, e := range r.Entries {
				if e.Topic == stream.Measurements.Name && e.Kind == stream.KindTick {
					last = max(last, e.Minute)
				}
			}
			r.Entries = slices.DeleteFunc(r.Entries, func(e stream.Entry) bool {
				return e.Kind == stream.KindFact && (e.Topic == stream.Reports.Name || e.Topic == stream.Measurements.Name && e.Minute > last)
			})
			hub, err := r.Replay(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			reader := measured.New(measured.Options{})
			for agent, text := range byAgent(t, r.Entries) {
				if err := reader.Add(agent, strings.NewReader(text)); err != nil {
					t.Fatal(err)
				}
			}
			entries, err := reader.Entries()
			if err != nil {
				t.Fatal(err)
			}
			own, err := pipeline.Play(t.Context(), memory.New(), entries, pipeline.Config{Services: services})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := said(hub.Verdicts), said(own.Verdicts); a != b || a == "" {
				t.Errorf("the hub says\n%sthe files say\n%s", a, b)
			}
		})
	}
}

// byAgent are the measurements of a recording as files, the newest first.
func byAgent(t *testing.T, entries []stream.Entry) map[string]string {
	t.Helper()
	lines := map[string][][]byte{}
	for _, e := range entries {
		if e.Topic != stream.Measurements.Name || e.Kind != stream.KindFact {
			continue
		}
		m, err := stream.Measurements.Decode(e.Record)
		if err != nil {
			t.Fatal(err)
		}
		lines[m.Agent] = append(lines[m.Agent], e.Data)
	}
	out := map[string]string{}
	for agent, list := range lines {
		slices.Reverse(list)
		out[agent] = string(bytes.Join(list, []byte{'\n'}))
	}
	return out
}

// said is what verdicts say, a line each.
func said(list []outage.Verdict) string {
	var b strings.Builder
	for i := range list {
		v := &list[i]
		fmt.Fprintf(&b, "%s %s %s %v %s\n", v.Minute, v.Service, v.State, v.Leading, v.Layer.Layer)
	}
	return b.String()
}
