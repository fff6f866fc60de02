package verdict

import (
	"strings"

	"faultline/internal/web/words"
	"faultline/outage"
)

// Missing is what is not known and would count.
type Missing struct {
	Text  string
	Marks string // of the hypotheses that it would move
}

// Wanted is an observation that would change our mind.
type Wanted struct{ Text, Between string }

// mostMissing is how many unknown signs are listed.
const mostMissing = 8

// missingOf lists what is not known and would move one of those that are compared,
// beyond what is wanted most.
func missingOf(v *outage.Verdict, compared []*outage.Hypothesis, look func(string) string) []Missing {
	wanted := map[string]bool{}
	for _, w := range v.Wanted {
		wanted[w.Sign] = true
	}
	var out []Missing
	at := map[string]int{}
	for i, h := range compared {
		for _, sign := range h.Missing {
			mark := string(rune('A' + i))
			if n, ok := at[sign]; ok {
				out[n].Marks += ", " + mark
				continue
			}
			if len(out) == mostMissing || wanted[sign] {
				continue
			}
			text := ""
			if look != nil {
				text = look(sign)
			}
			if text == "" {
				text = strings.ReplaceAll(sign, "-", " ")
			}
			at[sign] = len(out)
			out = append(out, Missing{words.Upper(text), mark})
		}
	}
	return out
}

// apart says what an observation would tell apart, by the marks of those that are
// compared and the titles of others.
func apart(v *outage.Verdict, ids []string, compared []*outage.Hypothesis) string {
	var out []string
	for _, id := range ids {
		name := ""
		for i := range v.Hypotheses {
			if v.Hypotheses[i].ID == id {
				name = v.Hypotheses[i].Title
			}
		}
		for i, h := range compared {
			if h.ID == id {
				name = string(rune('A' + i))
			}
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, " and ")
}

// wantedOf lists what would change our mind, and says once what all of it would tell
// apart.
func wantedOf(v *outage.Verdict, compared []*outage.Hypothesis) (list []Wanted, all string) {
	same := len(v.Wanted) > 1
	for _, w := range v.Wanted {
		list = append(list, Wanted{words.Upper(w.Text), apart(v, w.Between, compared)})
		same = same && list[len(list)-1].Between == list[0].Between
	}
	if !same {
		return list, ""
	}
	all = list[0].Between
	for i := range list {
		list[i].Between = ""
	}
	return list, all
}
