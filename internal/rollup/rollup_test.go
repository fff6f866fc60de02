package rollup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"faultline/internal/rollup"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

const m = outage.Minute(29026650)

func TestClose(t *testing.T) {
	f := rollup.New()
	for _, r := range []outage.Report{
		{Service: "x", Country: "US", Category: "app", Network: "AS2", Weight: 1},
		{Service: "x", Country: "US", Category: "app", Network: "AS1", Weight: 1},
		{Service: "x", Country: "US", Category: "app", Network: "AS1", Weight: 1},
		{Service: "x", Country: "US", Category: "app", Network: "AS1", Aside: 1, Reason: outage.ReasonCap},
		{Service: "x", Country: "GB", Category: "login", Weight: 7},
		{Service: "a", Category: "app", Weight: 1},
	} {
		f.Take(&r)
	}
	points, _ := f.Close(m, false)
	got, err := json.Marshal(points)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"service":"a","minute":"2025-03-10T09:30Z","revision":0,"points":[{"signal":"reports","category":"app","count":1}]},` +
		`{"service":"x","minute":"2025-03-10T09:30Z","revision":0,"points":[` +
		`{"signal":"reports","country":"GB","category":"login","count":7},` +
		`{"signal":"reports","country":"US","category":"app","network":"AS1","count":2,"aside":1},` +
		`{"signal":"reports","country":"US","category":"app","network":"AS2","count":1}]}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if rest, _ := f.Close(m+1, false); len(rest) != 0 {
		t.Errorf("the next minute begins with %+v", rest)
	}
}

// Whatever is reported, and in whatever order, no report is lost or made up, and
// the order of arrival does not show.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := rapid.SliceOf(rapid.Custom(func(t *rapid.T) outage.Report {
			return outage.Report{
				Service: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "service"), Country: rapid.SampledFrom([]string{"", "US", "GB"}).Draw(t, "country"),
				Category: rapid.SampledFrom([]string{"app", "login"}).Draw(t, "category"), Network: fmt.Sprint("AS", rapid.IntRange(1, 3000).Draw(t, "network")),
				Weight: rapid.IntRange(0, 3).Draw(t, "weight"),
			}
		})).Draw(t, "reports")
		forward, backward := rollup.New(), rollup.New()
		want := map[string]int{}
		for i := range reports {
			forward.Take(&reports[i])
			backward.Take(&reports[len(reports)-1-i])
			want[reports[i].Service] += reports[i].Weight
		}
		a, _ := forward.Close(m, false)
		for i := range a {
			if got := a[i].Total(); got != want[a[i].Service] {
				t.Fatalf("%s has %d reports, want %d", a[i].Service, got, want[a[i].Service])
			}
			delete(want, a[i].Service)
		}
		for s, n := range want {
			if n > 0 {
				t.Fatalf("%d reports of %s are lost", n, s)
			}
		}
		b, _ := backward.Close(m, false)
		if one, two := fmt.Sprint(a), fmt.Sprint(b); one != two {
			t.Fatalf("the order of arrival shows:\n%s\n%s", one, two)
		}
	})
}

// A crowd from more networks than are kept apart is still counted in full.
func TestManyNetworks(t *testing.T) {
	f := rollup.New()
	const crowd = 5000
	for i := range crowd {
		f.Take(&outage.Report{Service: "x", Country: "US", Category: "app", Network: fmt.Sprint("AS", i), Weight: 1})
	}
	got, _ := f.Close(m, false)
	if n := got[0].Total(); n != crowd {
		t.Errorf("%d reports, want %d", n, crowd)
	}
	if n := len(got[0].Points); n > 2001 {
		t.Errorf("%d cells are kept", n)
	}
}

func TestFollower(t *testing.T) {
	log := memory.New()
	var es []stream.Entry
	for i := range 3 {
		e, err := stream.Reports.Entry(m, &outage.Report{ID: fmt.Sprint(i), Service: "x", Weight: 1})
		if err != nil {
			t.Fatal(err)
		}
		es = append(es, e)
	}
	for _, topic := range []string{"reports", "measurements"} {
		es = append(es, stream.Tick(topic, m, false), stream.Tick(topic, m+1, true))
	}
	if err := log.Append(t.Context(), es, nil); err != nil {
		t.Fatal(err)
	}
	if err := rollup.Follower().Drain(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	recs, err := log.Read(t.Context(), "points", 0, 10)
	if err != nil || len(recs) != 3 {
		t.Fatalf("%d records, %v, want a fact and two ticks", len(recs), err)
	}
	if !strings.Contains(string(recs[0].Data), `"count":3`) || recs[1].Kind != stream.KindTick || recs[2].Kind != stream.KindMissing {
		t.Errorf("got %+v", recs)
	}
}

func BenchmarkApply(b *testing.B) {
	f := rollup.New()
	data, err := json.Marshal(outage.Report{
		ID: "ns7rwuh5aesamdhs", Reporter: "00112233445566778899aabbccddeeff", Service: "x", Category: "app", Country: "US",
		Network: "AS64500", Minute: m, Window: m, Weight: 1, Source: outage.SourcePress,
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := f.Apply("reports", stream.Record{Data: data}); err != nil {
			b.Fatal(err)
		}
	}
}
