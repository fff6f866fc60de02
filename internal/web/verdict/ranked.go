package verdict

import (
	"faultline/internal/web/words"
	"faultline/outage"
)

// Ranked is one line of all hypotheses.
type Ranked struct {
	Rank                  int
	Title, Class, Support string
	Prior, Score          string
	Leads                 bool
	For, Against          []string // the sentences that weigh most
}

// saidFor and saidAgainst are how many sentences a line of the ranking has of each.
const saidFor, saidAgainst = 2, 2

// rankedOf lists all hypotheses: who lost, and by what.
func rankedOf(v *outage.Verdict) []Ranked {
	sentences := make(map[string]string, len(v.Evidence))
	for i := range v.Evidence {
		sentences[v.Evidence[i].ID] = words.Upper(v.Evidence[i].Sentence)
	}
	leads := map[string]bool{}
	for _, id := range v.Leading {
		leads[id] = true
	}
	out := make([]Ranked, 0, len(v.Hypotheses))
	for i := range v.Hypotheses {
		h := &v.Hypotheses[i]
		out = append(out, Ranked{
			Rank: i + 1, Title: h.Title, Class: classWord(h.Class), Support: share(h.Support), Leads: leads[h.ID],
			Prior: weightOf(h.Prior).Text, Score: weightOf(h.Score).Text,
			For: said(h.For, sentences, saidFor), Against: said(h.Against, sentences, saidAgainst),
		})
	}
	return out
}

// said are the first sentences of a list, with their weights.
func said(list []outage.Weighed, sentences map[string]string, most int) []string {
	var out []string
	for _, w := range list {
		if text := sentences[w.Evidence]; text != "" && len(out) < most {
			out = append(out, text+" ("+weightOf(w.Weight).Text+")")
		}
	}
	return out
}
