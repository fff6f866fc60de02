package web

import (
	"regexp"
	"strings"
	"testing"

	"faultline/internal/siblings"
	"faultline/internal/web/view"
	"faultline/outage"
)

// besideDay is the day of X, on which a provider of YouTube and one of the family of
// Instagram have incidents too.
func besideDay() *fakeStore {
	f := xDay()
	small := func(service string, links ...outage.Link) {
		inc := xIncident()[1]
		inc.ID, inc.Service, inc.Peak, inc.Onset, inc.Links = service+"-20250310T1510Z", service, 9, minute("15:08"), links
		inc.Waves = []outage.Wave{{Onset: inc.Onset, Peak: inc.Onset + 3, PeakCount: 9, Total: 30}}
		f.incidents[inc.ID] = []outage.Incident{inc}
	}
	f.rows[5].Service.Providers = []string{"gmail", "nobody"}
	small("gmail")
	small("facebook", outage.Link{Incident: "x-20250310T0932Z", Service: "x", Why: view.WhyCollateral})
	return f
}

var besideNames = regexp.MustCompile(`<li><a href="/s/([a-z]+)">`)

// The report page asks about what a reader may have met instead, and about nothing else.
func TestIsItThis(t *testing.T) {
	for name, c := range map[string]struct {
		store *fakeStore
		path  string
		asks  string
	}{
		"what most people report":                 {xDay(), "/s/gmail", "x"},
		"not about itself":                        {xDay(), "/s/x", ""},
		"a provider, then the leader":             {besideDay(), "/s/youtube", "gmail x"},
		"the family":                              {besideDay(), "/s/instagram", "facebook x"},
		"what its own incident is tied to":        {besideDay(), "/s/facebook", "x"},
		"after the press, too":                    {besideDay(), "/s/facebook?report=counted", "x"},
		"nothing while the leader is not sure":    {unsure(), "/s/gmail", ""},
		"nothing while the leader has too few":    {few(), "/s/gmail", ""},
		"nothing while probes alone have seen it": {unheard(), "/s/gmail", ""},
	} {
		t.Run(name, func(t *testing.T) {
			body := get(t, newTestWeb(c.store, nil), c.path).Body.String()
			_, part, _ := strings.Cut(body, `data-part="beside"`)
			part, _, _ = strings.Cut(part, `class="a-report"`)
			var asked []string
			for _, m := range besideNames.FindAllStringSubmatch(part, -1) {
				asked = append(asked, m[1])
			}
			if got := strings.Join(asked, " "); got != c.asks {
				t.Errorf("it asks about %q, want %q", got, c.asks)
			}
		})
	}
}

func last(f *fakeStore) *outage.Incident {
	revs := f.incidents["x-20250310T0932Z"]
	return &revs[len(revs)-1]
}

func unsure() *fakeStore {
	f := xDay()
	last(f).State = outage.StateSuspected
	return f
}

func few() *fakeStore {
	f := xDay()
	last(f).Peak = leadReports
	if siblings.Excess(last(f)) >= leadReports {
		panic("what is usual does not count")
	}
	return f
}

// An incident that people may not mean says so at its top, and names what they may.
func TestCollateral(t *testing.T) {
	body := get(t, newTestWeb(besideDay(), nil), "/i/facebook-20250310T1510Z").Body.String()
	for _, want := range []string{"People may mean another service.", `<a href="/i/x-20250310T0932Z">X</a>`, "Linked with x, which people may mean."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
