package web

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"faultline/internal/store"
	"faultline/outage"
)

// fakeStore answers from memory what a test put there.
type fakeStore struct {
	mu        sync.Mutex
	pulse     store.Pulse
	rows      []store.Row
	counts    map[string]func(outage.Minute) int // reports of a minute
	expected  map[string]float64                 // per minute, 0: no baseline
	missing   [2]outage.Minute
	incidents map[string][]outage.Incident // revisions by id
	countries []store.Share
	problems  []store.Share
	aside     int
	looks     []store.Look
	latency   []store.Probed
	imports   []store.Import
	agents    []store.Heard
	states    []outage.ProbeState
	words     []outage.VendorWord
	verdicts  map[string][]outage.Verdict // revisions by incident, oldest first
	err       error
	reads     int // of all rows
	asked     int // questions for verdicts
}

func (f *fakeStore) Pulse(context.Context) (store.Pulse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pulse, f.err
}

func (f *fakeStore) Rows(context.Context) ([]store.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	return slices.Clone(f.rows), f.err
}

func (f *fakeStore) Row(_ context.Context, id string) (store.Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rows {
		if r.Service.ID == id {
			return r, f.err
		}
	}
	return store.Row{}, store.ErrNotFound
}

func (f *fakeStore) Series(_ context.Context, q store.SeriesQuery) ([]store.Bucket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	count := f.counts[q.Service]
	var out []store.Bucket
	for start := q.From; start < q.To; start += q.Step {
		b := store.Bucket{Start: start, Provisional: min(start+q.Step, q.To) > f.pulse.Closed+1}
		for m := start; m < min(start+q.Step, q.To); m++ {
			if m >= f.missing[0] && m < f.missing[1] {
				b.Missing++
				continue
			}
			if count != nil {
				b.Count += count(m)
			}
		}
		if mean := f.expected[q.Service] * float64(min(start+q.Step, q.To)-start); mean > 0 {
			day := 1 + .6*math.Sin(2*math.Pi*float64(start%outage.Day-8*60)/float64(outage.Day))
			b.HasBaseline, b.Expected = true, mean*day
			b.Low = math.Max(0, b.Expected-3*math.Sqrt(b.Expected))
			b.High = b.Expected + 3*math.Sqrt(b.Expected)
		}
		out = append(out, b)
	}
	if len(out) > 0 {
		out[len(out)/2].Aside = f.aside
	}
	return out, f.err
}

func (f *fakeStore) Countries(context.Context, string, outage.Minute, outage.Minute) ([]store.Share, error) {
	return f.countries, f.err
}

func (f *fakeStore) Categories(context.Context, string, outage.Minute, outage.Minute) ([]store.Share, error) {
	return f.problems, f.err
}

func (f *fakeStore) Incidents(_ context.Context, q store.IncidentFilter) ([]outage.Incident, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []outage.Incident
	for _, revs := range f.incidents {
		last := revs[len(revs)-1]
		if (q.Service == "" || q.Service == last.Service) && (!q.OpenOnly || last.State.Open()) {
			out = append(out, last)
		}
	}
	slices.SortFunc(out, func(a, b outage.Incident) int { return int(b.Onset - a.Onset) })
	return out, f.err
}

func (f *fakeStore) Revisions(_ context.Context, id string) ([]outage.Incident, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	if revs, ok := f.incidents[id]; ok {
		return revs, nil
	}
	return nil, fmt.Errorf("incident %s: %w", id, store.ErrNotFound)
}

func (f *fakeStore) Agents(context.Context) ([]store.Heard, error) { return f.agents, f.err }

func (f *fakeStore) Measurements(context.Context, store.MeasurementQuery) ([]store.Kept, error) {
	return nil, f.err
}

func (f *fakeStore) Looks(context.Context, string, outage.Minute, outage.Minute) ([]store.Look, error) {
	return f.looks, f.err
}

func (f *fakeStore) Imports(context.Context, string) ([]store.Import, error) {
	return f.imports, f.err
}

func (f *fakeStore) Probed(context.Context, store.ProbedQuery) ([]store.Probed, error) {
	return f.latency, f.err
}

func (f *fakeStore) Standing(context.Context) ([]outage.ProbeState, error) { return f.states, f.err }

func (f *fakeStore) States(context.Context, string, outage.Minute) ([]outage.ProbeState, error) {
	return f.states, f.err
}

func (f *fakeStore) Words(context.Context, string, outage.Minute) ([]outage.VendorWord, error) {
	return f.words, f.err
}

// change bumps the version after f changed something.
func (f *fakeStore) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	f.pulse.Version++
}

// fixedClock stands still.
type fixedClock struct{ at time.Time }

func (c fixedClock) Now() time.Time { return c.at }

func (c fixedClock) WaitUntil(ctx context.Context, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

// minute reads a time of the day of the tests.
func minute(hhmm string) outage.Minute {
	m, err := outage.ParseMinute("2025-03-10T" + hhmm + "Z")
	if err != nil {
		panic(err)
	}
	return m
}

// noise is a number from 0 to 1 that depends on the minute alone.
func noise(m outage.Minute) float64 {
	x := math.Sin(float64(m%9973)*12.9898) * 43758.5453
	return x - math.Floor(x)
}

// bump is a wave: a steep rise, a slower fall.
func bump(m, onset, peak, end outage.Minute, height float64) float64 {
	switch {
	case m < onset || m >= end:
		return 0
	case m < peak:
		return height * float64(m-onset+1) / float64(peak-onset+1)
	}
	return height * math.Exp(-3.2*float64(m-peak)/float64(end-peak))
}

// xDay is a made-up service in its third wave, seen at 15:20.
func xDay() *fakeStore {
	closed := minute("15:20")
	f := &fakeStore{
		pulse:     store.Pulse{Version: 7, Closed: closed, Oldest: closed - 14*outage.Day, Since: closed - 42*outage.Day},
		counts:    map[string]func(outage.Minute) int{},
		expected:  map[string]float64{"x": 2.4},
		incidents: map[string][]outage.Incident{},
		aside:     37,
		countries: []store.Share{{Name: "US", Count: 61234}, {Name: "GB", Count: 17020}, {Name: "IN", Count: 5400}, {Name: "DE", Count: 905}, {Name: "FR", Count: 702}, {Name: "JP", Count: 640}, {Name: "", Count: 33}, {Name: "BR", Count: 12}, {Name: "NZ", Waiting: true}},
		problems:  []store.Share{{Name: "app", Count: 48000}, {Name: "website", Count: 29000}, {Name: "server-connection", Count: 7600}, {Name: "login", Count: 46}},
	}
	f.counts["x"] = func(m outage.Minute) int {
		quiet := 2.4 * (1 + .6*math.Sin(2*math.Pi*float64(m%outage.Day-8*60)/float64(outage.Day)))
		v := quiet * (.4 + 1.2*noise(m))
		v += bump(m, minute("09:30"), minute("09:44"), minute("10:35"), 1500) * (.9 + .2*noise(m))
		v += bump(m, minute("13:30"), minute("14:05"), minute("14:40"), 2700) * (.9 + .2*noise(m))
		v += bump(m, minute("15:00"), minute("15:14"), minute("18:00"), 2300) * (.9 + .2*noise(m))
		return int(v)
	}
	f.rows = []store.Row{
		quietRow("facebook", "Facebook", "social", "meta"), quietRow("gmail", "Gmail", "mail", "google"),
		quietRow("instagram", "Instagram", "social", "meta"), quietRow("whatsapp", "WhatsApp", "messaging", "meta"),
		xRow(f), quietRow("youtube", "YouTube", "video", "google"),
	}
	f.rows[2].Bulletin = outage.Bulletin{Service: "instagram", Minute: closed, Status: outage.StatusRising, Headline: "Reports about Instagram are rising", Reason: "14 reports in 5 minutes, all countries, where about 4 are usual."}
	f.rows[2].Quarter, f.rows[2].Expected, f.rows[2].Day = 31, 12, 310
	f.rows[3].Bulletin = outage.Bulletin{Service: "whatsapp", Status: outage.StatusUnknown, Headline: "Too early to say", Reason: "Reports about WhatsApp have been counted for less than an hour."}
	f.incidents["x-20250310T0932Z"] = xIncident()
	old := xIncident()[0]
	old.ID, old.Onset, old.End, old.Closed, old.State = "x-20250211T1801Z", minute("09:30")-27*outage.Day, minute("11:02")-27*outage.Day, minute("12:02")-27*outage.Day, outage.StateResolved
	old.Waves = []outage.Wave{{Onset: old.Onset, Peak: old.Onset + 9, PeakCount: 212, Total: 3100, End: old.End}}
	old.Peak, old.Severity.Word = 212, "moderate"
	f.incidents[old.ID] = []outage.Incident{old}
	return f
}

func quietRow(id, name, kind, family string) store.Row {
	r := store.Row{
		Service:  outage.Service{ID: id, Name: name, Kind: kind, Family: family, Homepage: "https://" + id + ".com/", Categories: outage.DefaultCategories()},
		Bulletin: outage.Bulletin{Service: id, Status: outage.StatusQuiet, Headline: "No unusual reports", Reason: "9 reports in 15 minutes, all countries, where about 8 are usual."},
		Quarter:  9, Expected: 8.2, Day: 640,
		Baseline: outage.Baseline{Expected: .55, Low: 0, High: 2, Dispersion: 1.3, Confidence: outage.ConfidenceNormal},
	}
	for i := range r.Spark {
		r.Spark[i] = 20 + int(20*noise(outage.Minute(i+len(id))))
	}
	return r
}

func xRow(f *fakeStore) store.Row {
	r := quietRow("x", "X", "social", "")
	r.Service.Aliases = []string{"Twitter", "x.com"}
	r.Service.Hosts = []outage.Host{{Name: "x.com", Role: "web", Verified: true}, {Name: "api.x.com", Role: "mobile"}}
	r.Service.Providers = []string{"cloudflare"}
	closed := f.pulse.Closed
	for i := range r.Spark {
		for m := closed - outage.Day + 1 + outage.Minute(i)*60; m < closed-outage.Day+1+outage.Minute(i+1)*60; m++ {
			r.Spark[i] += f.counts["x"](m)
		}
		r.Day += r.Spark[i]
	}
	for m := closed - 14; m <= closed; m++ {
		r.Quarter += f.counts["x"](m)
	}
	r.Expected = 52
	r.Open = store.Open{Service: "x", Minute: closed + 1, Count: 431}
	r.Bulletin = outage.Bulletin{
		Service: "x", Minute: closed, Status: outage.StatusProblems, Headline: "Users report problems with X", Incident: "x-20250310T0932Z",
		Reason: "26,310 reports in the last 15 minutes, all countries, where about 52 are usual at this time.",
	}
	return r
}

// xIncident has six revisions: suspected, confirmed, recovering, a second wave,
// recovering, a third wave.
func xIncident() []outage.Incident {
	base := outage.Incident{
		ID: "x-20250310T0932Z", Revision: 1, Service: "x", State: outage.StateSuspected, Minute: minute("09:33"),
		Detected: minute("09:32"), Onset: minute("09:30"), Peak: 210, Total: 402, Expected: 3.1, Count: 210, Score: 61.2,
		Waves:      []outage.Wave{{Onset: minute("09:30"), Peak: minute("09:32"), PeakCount: 210, Total: 402}},
		Countries:  []outage.Affected{{Name: "US", FirstSeen: minute("09:30"), LastSeen: minute("15:20"), Peak: 1702, Total: 61234, Effect: 800}},
		Categories: []outage.Affected{{Name: "app", FirstSeen: minute("09:30"), LastSeen: minute("15:20"), Peak: 1500, Total: 48000, Effect: 912}},
		Severity:   outage.Severity{Word: "moderate", Value: 8, Effect: 4, Breadth: 2, Duration: 1},
		Confidence: outage.ConfidenceNormal, Basis: "crowd",
	}
	next := func(prev outage.Incident, state outage.State, at string, change func(*outage.Incident)) outage.Incident {
		prev.Revision++
		prev.State, prev.Minute = state, minute(at)
		prev.Waves = slices.Clone(prev.Waves)
		prev.Countries = slices.Clone(prev.Countries)
		change(&prev)
		return prev
	}
	confirmed := next(base, outage.StateConfirmed, "09:38", func(i *outage.Incident) {
		i.Confirmed = minute("09:38")
		i.Countries = append(i.Countries, outage.Affected{Name: "GB", FirstSeen: minute("09:33"), LastSeen: minute("15:20"), Peak: 480, Total: 17020, Effect: 340},
			outage.Affected{Name: "IN", FirstSeen: minute("09:36"), LastSeen: minute("14:40"), Peak: 150, Total: 5400, Effect: 95},
			outage.Affected{Name: "NZ", FirstSeen: minute("09:39"), LastSeen: minute("09:52"), Peak: 3, Total: 12, Effect: 8.4})
		i.Categories = append(i.Categories, outage.Affected{Name: "website", FirstSeen: minute("09:31"), LastSeen: minute("15:20"), Peak: 900, Total: 29000, Effect: 512})
		i.Waves[0] = outage.Wave{Onset: minute("09:30"), Peak: minute("09:44"), PeakCount: 1531, Total: 30410}
	})
	recovering := next(confirmed, outage.StateRecovering, "10:40", func(i *outage.Incident) {
		i.Waves[0].End = minute("10:35")
		i.End = minute("10:35")
		i.Severity = outage.Severity{Word: "major", Value: 24, Effect: 4, Breadth: 2, Duration: 3}
	})
	second := next(recovering, outage.StateConfirmed, "13:33", func(i *outage.Incident) {
		i.Waves = append(i.Waves, outage.Wave{Onset: minute("13:30"), Peak: minute("14:05"), PeakCount: 2790, Total: 81204})
		i.End = 0
	})
	again := next(second, outage.StateRecovering, "14:45", func(i *outage.Incident) {
		i.Waves[1].End = minute("14:40")
		i.End = minute("14:40")
	})
	third := next(again, outage.StateConfirmed, "15:20", func(i *outage.Incident) {
		i.Waves = append(i.Waves, outage.Wave{Onset: minute("15:00"), Peak: minute("15:14"), PeakCount: 2402, Total: 31022})
		i.End, i.Peak, i.Total, i.Count, i.Expected = 0, 2790, 142636, 2103, 3.6
		i.Severity = outage.Severity{Word: "critical", Value: 32, Effect: 4, Breadth: 2, Duration: 4}
		i.Links = []outage.Link{{Incident: "x-ads-20250310T0941Z", Service: "x-ads", Why: "family"}}
	})
	return []outage.Incident{base, confirmed, recovering, second, again, third}
}

// newTestWeb serves f at its last closed minute.
func newTestWeb(f *fakeStore, notice *Notice) *Web {
	now := (f.pulse.Closed + 1).Time().Add(20 * time.Second)
	if f.pulse.Closed == 0 {
		now = minute("09:00").Time()
	}
	return New(Config{
		Notice: notice, PollEvery: time.Millisecond,
		SeverityRule: "Severity = effect x breadth x duration, each from 1 to 4; under 6 minor, under 16 moderate, under 36 major, from 36 critical.",
	}, Deps{Store: f, Clock: fixedClock{now}})
}
