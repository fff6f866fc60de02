package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"faultline/outage"
)

//go:embed figures.csv
var figuresCSV string

// Figure is one published figure with its scope, or a published time.
type Figure struct {
	Time    outage.Minute
	Scope   string // a country, or "world"
	Kind    string // bucket (15 minutes from Time), day, onset, share, text
	Reports int    // 0: it has no number
	Use     string // fitted, shape, conflict, ...
	Note    string
}

// Figures returns the published figures that the day is rebuilt from, by time.
func Figures() ([]Figure, error) {
	rows, err := csv.NewReader(strings.NewReader(figuresCSV)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the published figures: %w", err)
	}
	figures := make([]Figure, 0, len(rows)-1)
	for _, row := range rows[1:] {
		f := Figure{Scope: row[1], Kind: row[2], Use: row[4], Note: row[5]}
		if f.Time, err = outage.ParseMinute(row[0]); err != nil {
			return nil, fmt.Errorf("read the published figures: %w", err)
		}
		if row[3] != "" {
			if f.Reports, err = strconv.Atoi(row[3]); err != nil {
				return nil, fmt.Errorf("read the published figures: %w", err)
			}
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// figureOf looks a number up; start is in minutes since the day's midnight.
func figureOf(figures []Figure, scope, kind string, start int) int {
	for _, f := range figures {
		if f.Scope == scope && f.Kind == kind && f.Time == Day+outage.Minute(start) {
			return f.Reports
		}
	}
	return 0
}

// About is what a page says of the demonstration's world.
const About = "This is a demonstration. The reports of 10 March 2025 are a reconstruction of the outage of X on that day, " +
	"drawn by chance around the figures that newspapers published; the six weeks before and the other nineteen services are made up. " +
	"Nobody's real report is in it. A published figure belongs to the 15 minutes that begin at its time, unless it says otherwise. " +
	"The figures of 17:14 to 18:00 UTC contradict each other: 10,700 and 12,000 cannot both be followed by 22,000 while the outage fades; " +
	"here the wave lasts through that hour at the lower figures, and the higher one is shown and not followed. " +
	"The clock runs faster than yours until the day is over, sixty times unless another speed was asked for; what you report yourself is stamped with it."

// Comparison is a published figure beside what the generator makes of it.
type Comparison struct {
	Figure
	// Generated is the generator's mean in the same scope and stretch; 0 where the
	// figure has no number.
	Generated float64
}

// Compare sets every published figure beside the world's.
func (w *World) Compare() ([]Comparison, error) {
	figures, err := Figures()
	if err != nil {
		return nil, err
	}
	out := make([]Comparison, 0, len(figures))
	for _, f := range figures {
		c := Comparison{Figure: f}
		switch f.Kind {
		case "bucket":
			c.Generated = w.sum(f.Scope, f.Time, f.Time+bucket)
		case "day":
			c.Generated = w.sum(f.Scope, f.Time, f.Time+outage.Day)
		}
		out = append(out, c)
	}
	return out, nil
}

// sum adds the means of a stretch.
func (w *World) sum(scope string, from, to outage.Minute) float64 {
	if scope == "world" {
		scope = ""
	}
	n := 0.0
	for m := from; m < to; m++ {
		n += w.Mean(scope, m)
	}
	return n
}

// String is the comparison as a line of text.
func (c Comparison) String() string {
	if c.Reports == 0 {
		return fmt.Sprintf("%s %s %s: %s (%s)", c.Time, c.Scope, c.Kind, c.Note, c.Use)
	}
	return fmt.Sprintf("%s %s %s: published %d, generated %.0f (%s)", c.Time, c.Scope, c.Kind, c.Reports, c.Generated, c.Use)
}

// aboutPage is the text about the world with the figures under it.
var aboutPage = template.Must(template.New("about").Funcs(template.FuncMap{
	"comma": func(n int) string { return humanize.Comma(int64(n)) },
}).Parse(`<p>{{.About}}</p>
<table><caption>Published figures beside the means that the generator draws around. A bucket is 15 minutes from its time.</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Where</th><th scope="col" class="r">Published</th><th scope="col" class="r">Generated</th><th scope="col">Used as, and note</th></tr></thead>
<tbody>{{range .Rows}}<tr><td>{{.When}}</td><td>{{.Scope}}</td><td class="r">{{if .Reports}}{{comma .Reports}}{{end}}</td><td class="r">{{if .Reports}}{{comma .Rounded}}{{end}}</td><td><b>{{.Use}}</b>: {{.Note}}</td></tr>
{{end}}</tbody></table>
`))

// AboutPage is About with the table of figures, as HTML.
func (w *World) AboutPage() (template.HTML, error) {
	rows, err := w.Compare()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := aboutPage.Execute(&b, map[string]any{"About": About, "Rows": rows}); err != nil {
		return "", fmt.Errorf("write the page about the demonstration: %w", err)
	}
	return template.HTML(b.String()), nil //nolint:gosec // written by the template above
}

// When is the time of the figure for a person: a minute, or the whole day.
func (f Figure) When() string {
	if f.Kind == "day" || f.Kind == "share" {
		return "whole day"
	}
	return f.Time.Time().Format("15:04")
}

// Rounded is Generated as a whole number of reports.
func (c Comparison) Rounded() int { return int(math.Round(c.Generated)) }

// Truth is what the generator knows of a wave of X's day: means, not draws.
type Truth struct {
	Onset outage.Minute
	// Peak is the minute with the highest mean, worldwide and in the United States.
	Peak, PeakUS outage.Minute
	// Bucket is the published 15-minute bucket of the United States that both lie in.
	Bucket outage.Minute
	// Countries is when the wave reaches each country.
	Countries map[string]outage.Minute
}

// Truth returns the three waves.
func (w *World) Truth() []Truth {
	us := indexOf("US")
	out := make([]Truth, 0, len(waves))
	for k := range waves {
		to := minutesOfDay
		if k+1 < len(waves) {
			to = waves[k+1].onset
		}
		t := Truth{
			Onset:     Day + outage.Minute(waves[k].onset),
			Bucket:    Day + outage.Minute(waves[k].us),
			Countries: map[string]outage.Minute{},
		}
		best, bestUS := 0.0, 0.0
		for m := waves[k].onset; m < to; m++ {
			all := 0.0
			for c := range countries {
				all += w.surge.mean[c][m]
			}
			if all > best {
				best, t.Peak = all, Day+outage.Minute(m)
			}
			if w.surge.mean[us][m] > bestUS {
				bestUS, t.PeakUS = w.surge.mean[us][m], Day+outage.Minute(m)
			}
		}
		for c := range countries {
			t.Countries[countries[c].code] = onsetOf(k, c)
		}
		out = append(out, t)
	}
	return out
}

// Mean is what the generator expects of X on its day: background and surge,
// without wander. country "" is the world.
func (w *World) Mean(country string, m outage.Minute) float64 {
	x := &w.lives[0]
	sum := 0.0
	for c := range countries {
		if country != "" && countries[c].code != country {
			continue
		}
		sum += x.rateAt(m) * x.share[hourOf(m)][c]
		if m >= Day && m < Day+fadeEnd {
			sum += w.surge.mean[c][m-Day]
		}
	}
	return sum
}
