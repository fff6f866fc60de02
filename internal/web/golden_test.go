package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

var update = flag.Bool("update", false, "write the golden files anew")

// versions of static files change whenever they do, which no page cares about.
var versions = regexp.MustCompile(`\?v=[0-9a-f]+`)

// TestGolden holds every page against the HTML that somebody has looked at.
func TestGolden(t *testing.T) {
	x := xDay()
	for name, c := range map[string]struct {
		store  *fakeStore
		notice *Notice
		path   string
	}{
		"home":             {store: x, path: "/"},
		"home_demo":        {store: x, path: "/", notice: &Notice{Text: "A reconstruction.", Title: "About", Body: "<p>Made up.</p>"}},
		"home_empty":       {store: &fakeStore{}, path: "/"},
		"results":          {store: x, path: "/?q=twitter"},
		"results_none":     {store: x, path: "/?q=%22%3E%3Cb%3Ezzz"},
		"service":          {store: x, path: "/s/x"},
		"service_started":  {store: justStarted(), path: "/s/new"},
		"service_gap":      {store: withGap(), path: "/s/x"},
		"incident":         {store: x, path: "/i/x-20250310T0932Z"},
		"incident_gap":     {store: withGap(), path: "/i/x-20250310T0932Z"},
		"incident_dismiss": {store: dismissed(), path: "/i/x-20250310T0932Z"},
		"service_probed":   {store: probedDay(), path: "/s/x"},
		"service_alone":    {store: alone(), path: "/s/x"},
		"incident_probed":  {store: probedDay(), path: "/i/x-20250310T0932Z"},
		"incident_unheard": {store: unheard(), path: "/i/x-20250310T0932Z"},
		"incident_judged":  {store: judged(), path: "/i/x-20250310T0932Z"},
		"incident_cannot":  {store: crowdAlone(), path: "/i/x-20250310T0932Z"},
		"service_beside":   {store: besideDay(), path: "/s/youtube"},
		"service_judged":   {store: judged(), path: "/s/x"},
		"home_judged":      {store: crowdAlone(), path: "/"},
		"revision":         {store: judged(), path: "/i/x-20250310T0932Z/verdicts/2"},
		"agents":           {store: probedDay(), path: "/agents"},
		"agents_none":      {store: x, path: "/agents"},
		"probes":           {store: x, path: "/probes"},
		"about":            {store: x, path: "/about"},
		"notfound":         {store: x, path: "/s/facebok"},
	} {
		t.Run(name, func(t *testing.T) {
			got := versions.ReplaceAllString(get(t, newTestWeb(c.store, c.notice), c.path).Body.String(), "")
			if name != "home_demo" { // one page is held with its frame
				got = without(got)
			}
			golden(t, filepath.Join("testdata", name+".html"), got)
		})
	}
}

// frames are what all pages share: held once, they need not be written anew with
// every page.
var frames = []*regexp.Regexp{
	regexp.MustCompile(`(?s)<link rel="icon".*</head>\n`),
	regexp.MustCompile(`(?s)<a class="skip".*?</svg>\n+`), regexp.MustCompile(`(?s)<header class="top">.*?</header>\n`),
	regexp.MustCompile(`(?s)</main>.*`),
}

// without takes the frame off a page.
func without(page string) string {
	for _, f := range frames {
		page = f.ReplaceAllLiteralString(page, "")
	}
	return page
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with -update and look at it", err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d: got\n%s\nwant\n%s\n(-update writes it anew)", path, i+1, g[i], w[min(i, len(w)-1)])
		}
	}
	t.Fatalf("%s has more lines than the page", path)
}

// justStarted has listened for three minutes; nobody has said anything.
func justStarted() *fakeStore {
	closed := minute("09:02")
	r := quietRow("new", "New", "games", "")
	r.Bulletin = outage.Bulletin{Service: "new", Status: outage.StatusUnknown, Headline: "Too early to say", Reason: "Faultline has listened for reports of New for 3 minutes; it takes 60 minutes to say what is unusual."}
	r.Quarter, r.Day, r.Expected, r.Spark = 0, 0, 0, [24]int{}
	r.Baseline = outage.Baseline{Confidence: outage.ConfidenceNone}
	r.Since = closed - 2
	r.Service.Homepage = "javascript:alert(1)"
	return &fakeStore{
		pulse: store.Pulse{Version: 1, Closed: closed, Oldest: closed - 2, Since: closed - 2},
		rows:  []store.Row{r}, missing: [2]outage.Minute{closed - 2*outage.Day, closed - 2},
	}
}

// withGap is the day of X with an hour in which nobody listened.
func withGap() *fakeStore {
	f := xDay()
	f.missing = [2]outage.Minute{minute("13:50"), minute("14:50")}
	return f
}

// dismissed is an incident that came to nothing, with next to no history.
func dismissed() *fakeStore {
	f := xDay()
	first := f.incidents["x-20250310T0932Z"][0]
	first.Confidence = outage.ConfidenceNone
	last := first
	last.Revision, last.State, last.Minute, last.Closed, last.End = 2, outage.StateDismissed, minute("10:05"), minute("10:05"), minute("09:35")
	last.Countries, last.Categories = nil, nil
	f.incidents["x-20250310T0932Z"] = []outage.Incident{first, last}
	return f
}
