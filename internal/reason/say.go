package reason

import (
	"cmp"
	"strconv"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// sentence is what may be quoted as it stands: when, who looked, at what, and what that
// is consistent with, with how likely it is. How sound that is stands in a field of its
// own.
func (o *outcome) sentence(set *feature.Set, g ground, t *knowledge.Table) string {
	service := cmp.Or(set.Name, set.Service)
	if o.state == outage.VerdictInsufficient {
		if o.torn > 0 {
			return fill("torn", "service", service, "count", numberWord(o.torn))
		}
		if o.vague {
			return fill("nothing-tells", "service", service)
		}
		return g.shortage(service, t)
	}
	titles := o.titles(t)
	key, chance := "likely", "likelihood"
	switch {
	case o.state == outage.VerdictAmbiguous && o.pair != nil:
		key, chance = "inseparable", "likelihood-joint"
	case o.state == outage.VerdictAmbiguous:
		key, chance = "ambiguous", "likelihood-joint"
	}
	rival := ""
	if o.told != nil {
		rival = o.told.Title
	} else {
		key += "-alone"
	}
	parts := []string{
		fill(key, "span", spanOf(set.Onset, set.At), "who", g.who(service), "title", titles[0], "titles", either(titles), "rival", rival, "count", numberWord(len(titles))),
		fill(chance, "word", chanceWord(o, g)),
	}
	if o.class == outage.CauseAttack {
		parts = append(parts, fill("attack"))
	}
	return strings.Join(parts, " ")
}

// mostShort is how many explanations are named in a few words.
const mostShort = 2

// short says it in a few words.
func (o *outcome) short(g ground, t *knowledge.Table) string {
	if o.state == outage.VerdictInsufficient {
		return fill("short-none")
	}
	switch titles := o.titles(t); {
	case len(titles) == 1:
		return fill("short", "title", titles[0], "word", chanceWord(o, g))
	case len(titles) <= mostShort:
		return fill("short-either", "titles", either(titles))
	default:
		return fill("short-many", "title", titles[0], "count", numberWord(len(titles)-1))
	}
}

// either joins explanations that compete; their titles have commas of their own.
func either(titles []string) string { return join(titles, ", with ", ", or with ") }

// chance is the word of ICD 203 for what leads. It says no more than the state does: what
// leads by little, or rests on what others published, is not called very likely.
func (o *outcome) chance(g ground) string {
	w := likelihood(o.support)
	if w == mostSure && (o.state == outage.VerdictLikely || !g.probes) {
		return "likely"
	}
	return w
}

// chanceWord is the likelihood as it stands in a sentence.
func chanceWord(o *outcome, g ground) string {
	w := o.chance(g)
	if w == "roughly even chance" {
		return "about as likely as not" // the words of ICD 203 do not fit the sentence
	}
	return w
}

// titles names those that lead; hypotheses of one meaning are named once.
func (o *outcome) titles(t *knowledge.Table) []string {
	var names []string
	first := o.leading[0]
	for i, h := range o.leading {
		switch {
		case i == 0 && o.meaning > 1:
			names = append(names, t.Pair(first.ID, o.leading[1].ID).Title)
		case i > 0 && i < o.meaning:
		default:
			names = append(names, h.Title)
		}
	}
	return names
}

// chain says how far each link of the chain of causes has been seen. While causes of
// different kinds compete, only what is visible is told.
func chain(o outcome, found []seen, t *knowledge.Table) []outage.ChainLink {
	first := o.first()
	if first == nil {
		return nil
	}
	c := &t.Hypothesis(first.ID).Chain
	var links []outage.ChainLink
	for _, l := range []struct {
		role string
		link *knowledge.Link
	}{{"trigger", c.Trigger}, {"mechanism", c.Mechanism}, {"amplifier", c.Amplifier}, {"visible", c.Visible}} {
		if l.link == nil {
			continue
		}
		link := outage.ChainLink{Role: l.role, Text: l.link.Text, Confidence: linkTrust(l.link, found)}
		switch {
		case link.Confidence == "" && l.role == "visible":
			link.Text, link.Confidence = fill("not-yet", "text", l.link.Text), outage.TrustLow
		case link.Confidence == "":
			link.Text, link.Confidence = fill("not-seen", "text", l.link.Text), outage.TrustLow
		case o.state == outage.VerdictAmbiguous && (l.role == "mechanism" || l.role == "trigger"):
			link.Text, link.Confidence = fill("not-decided", "titles", strings.Join(o.titles(t), ", or ")), outage.TrustLow
		}
		links = append(links, link)
	}
	return links
}

// linkTrust is how well a link has been seen: by two signs of our own, by one, or only
// by others; empty when nothing shows it.
func linkTrust(l *knowledge.Link, found []seen) outage.Trust {
	own, other := 0, 0
	for _, id := range l.Seen {
		for i := range found {
			s := &found[i]
			if s.sign.ID != id || s.evidence.Finding != outage.FindingPresent {
				continue
			}
			if s.own() {
				own++
			} else {
				other++
			}
		}
	}
	switch {
	case own >= 2:
		return outage.TrustHigh
	case own == 1:
		return outage.TrustModerate
	case other > 0:
		return outage.TrustLow
	}
	return ""
}

// mostWanted is how many further observations a verdict asks for.
const mostWanted = 5

// otherMeaning is the best hypothesis that is not one with the first to a reader; nil:
// none is.
func otherMeaning(ranked []outage.Hypothesis, t *knowledge.Table) *outage.Hypothesis {
	for i := range ranked[1:] {
		if h := &ranked[1+i]; !sameMeaning(&ranked[0], h, t) {
			return h
		}
	}
	return nil
}

// wanted says what would change our mind.
func wanted(o outcome, ranked []outage.Hypothesis, unknown open, g ground, t *knowledge.Table) []outage.Wanted {
	var list []outage.Wanted
	if !g.probes {
		list = append(list, outage.Wanted{Text: fill("want-probes", "vantages", strconv.Itoa(t.Rules.Vantages), "networks", strconv.Itoa(t.Rules.Networks))})
	}
	a := &ranked[0]
	b := otherMeaning(ranked, t)
	if first := o.first(); first != nil {
		a, b = first, o.rival
		if o.state == outage.VerdictAmbiguous {
			b = o.leading[o.meaning]
		}
	}
	if b == nil {
		return list
	}
	between := []string{a.ID, b.ID}
	if o.pair != nil {
		list = append(list, outage.Wanted{Text: o.pair.Decide, Between: o.pair.Between})
	}
	for _, s := range deciding(a.ID, b.ID, unknown, t) {
		if len(list) < mostWanted {
			list = append(list, outage.Wanted{Sign: s, Text: fill("want-sign", "look", t.Sign(s).Look), Between: between})
		}
	}
	for _, r := range t.Hypothesis(a.ID).Against {
		if r.Hypothesis == b.ID && len(list) < mostWanted {
			list = append(list, outage.Wanted{Text: r.Look, Between: between})
		}
	}
	return list
}
