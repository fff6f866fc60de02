package verdict

import (
	"faultline/internal/web/view"
	"faultline/internal/web/words"
	"faultline/outage"
)

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

// historyOf lists revisions, the newest first.
func historyOf(briefs []outage.Verdict, shown int) []Change {
	out := make([]Change, 0, len(briefs))
	for i := range briefs {
		v := &briefs[i]
		c := Change{
			At: words.At(v.Minute, briefs[0].Minute), Revision: v.Revision, Path: path(v), State: words.VerdictWord(v.State),
			Short: view.JudgedOf(v, false).Short, Shown: v.Revision == shown,
		}
		for _, m := range v.Moved {
			if len(c.Moved) == mostMoved {
				c.Rest++
				continue
			}
			c.Moved = append(c.Moved, words.Upper(m.Text))
		}
		out = append(out, c)
	}
	return out
}
