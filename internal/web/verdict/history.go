package verdict

import (
	"faultline/internal/web/view"
	"faultline/internal/web/words"
	"faultline/outage"
)

// mostOpen is how many revisions are listed before the fold: who follows an incident
// wants the last ones.
const mostOpen = 5

// mostMoved is how many signs a revision lists as what moved it.
const mostMoved = 4

// MostRevisions is how many revisions a page lists; the API has all.
const MostRevisions = 40

// Change is one revision in the history.
type Change struct {
	At       words.Moment
	Revision int
	Path     string
	State    words.Status
	Short    string
	Moved    []string
	Rest     int // signs beyond those
	Shown    bool
}

// History is the list of revisions, the newest first.
type History struct {
	Latest  []Change
	Earlier []Change // folded away
	Unfold  bool     // the one that is shown is among those
}

// historyOf lists revisions. What moved the first is all that it rests on, and is told
// by the evidence.
func historyOf(briefs []outage.Verdict, shown int) History {
	var out History
	for i := range briefs {
		v := &briefs[i]
		c := Change{
			At: words.At(v.Minute, briefs[0].Minute), Revision: v.Revision, Path: path(v), State: words.VerdictWord(v.State),
			Short: view.JudgedOf(v, false).Short, Shown: v.Revision == shown,
		}
		for _, m := range v.Moved {
			if v.Revision == 1 {
				break
			}
			if len(c.Moved) == mostMoved {
				c.Rest++
				continue
			}
			c.Moved = append(c.Moved, words.Upper(m.Text))
		}
		if len(out.Latest) < mostOpen {
			out.Latest = append(out.Latest, c)
			continue
		}
		out.Earlier, out.Unfold = append(out.Earlier, c), out.Unfold || c.Shown
	}
	return out
}
