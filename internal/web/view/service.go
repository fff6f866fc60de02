package view

import (
	"fmt"
	"slices"
	"strings"

	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/probed"
	"faultline/internal/web/words"
	"faultline/outage"
)

// ServiceFacts is what the store answered about one service.
type ServiceFacts struct {
	Row        store.Row
	Pulse      store.Pulse
	World      words.World
	Open       *outage.Incident // nil when none is open
	Judged     *outage.Verdict  // on that one, brief; nil while nothing was said
	Day        []store.Bucket   // 24 hours by the quarter hour
	Hour       []store.Bucket   // the last hour by the minute, with the open minute
	Countries  []store.Share
	Categories []store.Share
	Past       []outage.Incident
	Verdicts   []outage.Verdict // on those, the latest, brief
	Family     []store.Row      // other services of the same family
	Beside     []BesideFacts
	Probes     probed.Facts
	Vendor     VendorFacts
}

// Steps of the two charts of a service page.
const (
	DayStep  outage.Minute = 15
	HourStep outage.Minute = 1
)

// Service is the service page.
type Service struct {
	ID, Name, Also string
	Homepage       string
	HomepageText   string
	Retired        bool
	Categories     []Category // the buttons
	Family         []Card
	Beside         []Beside // what a reader may have met instead
	Hosts          string   // those that somebody has checked
	Unverified     string   // the others
	Providers      string
	Status         ServiceStatus
	Numbers        Numbers
	Day            chart.Line
	Hour           chart.Line
	Problems       Breakdown
	Countries      Breakdown
	Past           []PastIncident
	Probes         *probed.Probes // nil: it was never probed
	Vendor         *Vendor        // nil: nobody reads its status page
}

// Category is one button.
type Category struct{ ID, Label string }

// ServiceStatus is the top of the page.
type ServiceStatus struct {
	Status   words.Status
	Headline string
	Reason   string
	Incident string
	Since    *words.Moment
	Judged   *Judged       // nil while there is no verdict on the incident
	Said     *words.Moment // when the bulletin said so; nil when nothing was said yet
	World    words.World
	Say      string
}

// Numbers are the counts, each with its scope.
type Numbers struct {
	Quarter  string
	Expected string
	Open     string        // of the open minute
	OpenAt   *words.Moment // nil while no minute has closed and none is open
	Day      string
	Aside    string // "" when nothing was set aside
	Low      bool   // the baseline rests on little history
}

// ServiceOf builds the service page.
func ServiceOf(f ServiceFacts) Service {
	s := &f.Row.Service
	v := Service{
		ID: s.ID, Name: s.Name, Also: strings.Join(s.Aliases, ", "), Retired: s.Retired,
		Homepage: words.WebURL(s.Homepage), Providers: strings.Join(s.Providers, ", "),
		Status:    statusOf(f),
		Numbers:   numbersOf(f),
		Problems:  Shares(f.Categories, words.Category),
		Countries: Shares(f.Countries, words.Country),
	}
	v.HomepageText = strings.TrimSuffix(strings.TrimPrefix(v.Homepage, "https://"), "/")
	v.Hosts, v.Unverified = hosts(s.Hosts)
	for _, c := range s.Categories {
		v.Categories = append(v.Categories, Category{c, words.Category(c)})
	}
	for i := range f.Family {
		v.Family = append(v.Family, CardOf(&f.Family[i], nil))
	}
	for i := range f.Beside {
		v.Beside = append(v.Beside, besideOf(s.Name, &f.Beside[i], f.Pulse.Closed))
	}
	v.Day = dayLine(f)
	v.Hour = hourLine(f)
	v.Probes = probed.ProbesOf(&f.Probes, f.Open, f.Pulse.Closed)
	v.Vendor = VendorOf(f.Vendor, f.Pulse.Closed)
	v.Past = pastList(&f)
	return v
}

// hosts lists the names that were checked and those that were not.
func hosts(list []outage.Host) (checked, others string) {
	var yes, no []string
	for _, h := range list {
		if h.Verified {
			yes = append(yes, h.Name)
		} else {
			no = append(no, h.Name)
		}
	}
	return strings.Join(yes, ", "), strings.Join(no, ", ")
}

func statusOf(f ServiceFacts) ServiceStatus {
	b := &f.Row.Bulletin
	v := ServiceStatus{Status: words.StatusWith(b.Status, f.Open), Headline: b.Headline, Reason: b.Reason, World: f.World}
	v.Say = f.Row.Service.Name + ": " + v.Status.Word + ". " + v.Reason
	v.Said = words.Optional(b.Minute, f.Pulse.Closed)
	if f.Open != nil {
		v.Incident = f.Open.ID
		since := words.At(f.Open.Onset, f.Pulse.Closed)
		v.Since = &since
		v.Judged = JudgedOf(f.Judged, true)
	}
	return v
}

func numbersOf(f ServiceFacts) Numbers {
	r := &f.Row
	n := Numbers{Quarter: words.Count(r.Quarter), Expected: usualOf(r), Day: words.Count(r.Day)}
	open := r.Open
	if open.Minute <= f.Pulse.Closed { // of a minute that has closed since
		open = store.Open{Minute: f.Pulse.Closed + 1}
	}
	n.Open = words.Count(open.Count)
	if open.Minute > 1 {
		at := words.At(open.Minute, f.Pulse.Closed)
		n.OpenAt = &at
	}
	aside := 0
	for _, b := range f.Day {
		aside += b.Aside
	}
	if aside > 0 {
		n.Aside = words.Plural(aside, "report")
	}
	n.Low = r.Baseline.Confidence == outage.ConfidenceLow || r.Baseline.Confidence == outage.ConfidenceNone
	return n
}

// usualOf says what is usual in 15 minutes, and "" where nobody knows yet.
func usualOf(r *store.Row) string {
	if r.Baseline.Confidence == outage.ConfidenceNone || r.Baseline.Confidence == "" {
		return ""
	}
	return words.About(r.Expected)
}

func dayLine(f ServiceFacts) chart.Line {
	name := f.Row.Service.Name
	f.Day = soFar(f.Day, DayStep, f.Pulse.Closed)
	spec := chart.Spec{
		ID: "day", Buckets: f.Day, Step: DayStep,
		Title: "Reports about " + name + " in the last 24 hours, by the quarter hour",
		Waves: waveSpans(f.Past, f.Pulse.Closed),
	}
	spec.Desc = "No reports in this span."
	if i := peakOf(f.Day); i >= 0 {
		b := f.Day[i]
		spec.Desc = fmt.Sprintf("The highest quarter hour has %s and starts at %s.", reportsIn(b), b.Start)
		if b.Count >= words.SmallCell {
			spec.Marks = []chart.Mark{{At: b.Start, Label: words.Count(b.Count)}}
		}
	}
	l := chart.LineOf(spec)
	if len(l.Plot.Dots) > 0 {
		l.Dots = "highest quarter hour"
	}
	if len(f.Day) > 0 && f.Row.Since > f.Day[0].Start {
		l.Notes = append([]string{"Reports of it are counted since " + words.At(f.Row.Since, f.Pulse.Closed).Text + "."}, l.Notes...)
	}
	return l
}

// soFar marks a last bucket that is not over yet: drawn like the others it would
// look as if reports were falling.
func soFar(bs []store.Bucket, step, closed outage.Minute) []store.Bucket {
	if n := len(bs); n > 0 && bs[n-1].Start+step > closed+1 {
		bs = slices.Clone(bs)
		bs[n-1].Provisional = true
	}
	return bs
}

func hourLine(f ServiceFacts) chart.Line {
	spec := chart.Spec{
		ID: "hour", Buckets: f.Hour, Step: HourStep, Bars: true,
		Title: "Reports about " + f.Row.Service.Name + " in the last hour, by the minute",
		Desc:  "No reports in this span.",
	}
	if i := peakOf(f.Hour); i >= 0 {
		spec.Desc = fmt.Sprintf("The highest minute has %s at %s.", reportsIn(f.Hour[i]), f.Hour[i].Start)
	}
	return chart.LineOf(spec)
}

// waveSpans are the waves of incidents that got beyond suspicion.
func waveSpans(list []outage.Incident, closed outage.Minute) []chart.Span {
	var out []chart.Span
	for i := range list {
		for _, w := range list[i].Waves {
			end := w.End
			if end == 0 {
				end = closed + 1
			}
			out = append(out, chart.Span{From: w.Onset, To: end})
		}
	}
	return out
}

// peakOf finds the highest bucket, -1 when there is none above zero. One that is
// not over counts too: in the first minutes of an outage it towers over the day.
func peakOf(bs []store.Bucket) int {
	best := -1
	for i, b := range bs {
		if b.Count > 0 && (best < 0 || b.Count > bs[best].Count) {
			best = i
		}
	}
	return best
}

// reportsIn says how many reports a bucket has, and whether that is all.
func reportsIn(b store.Bucket) string {
	if b.Provisional {
		return words.Plural(b.Count, "report") + " so far"
	}
	return words.Plural(b.Count, "report")
}
