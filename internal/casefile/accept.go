package casefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"faultline/outage"
)

// undecided is how a case writes the class of a verdict that names none.
const undecided outage.CauseClass = "none"

// What a case may accept, in closed sets. Which hypotheses there are is for the table
// to say.
var (
	states  = []outage.VerdictState{outage.VerdictInsufficient, outage.VerdictAmbiguous, outage.VerdictLikely, outage.VerdictVeryLikely}
	classes = []outage.CauseClass{
		outage.CauseAttack, outage.CauseInternal, outage.CauseUpstream, outage.CauseOverload, outage.CauseNoOutage, undecided,
	}
	layers = []outage.Layer{
		"", outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
	}
)

// check says what of it no verdict can be.
func (a *Accept) check() error {
	return errors.Join(closed("state", a.State, states), closed("class", a.Class, classes), closed("layer", a.Layer, layers))
}

// closed says which word is not of a closed set.
func closed[T ~string](what string, have, known []T) error {
	for _, w := range have {
		if !slices.Contains(known, w) {
			return fmt.Errorf("%s %q: use one of %v", what, w, known)
		}
	}
	return nil
}

// Check says why a verdict is none of those that the case accepts; nil when it is one,
// or when the case accepts anything.
func (c *Case) Check(v *outage.Verdict) error {
	if len(c.Accept) == 0 {
		return nil
	}
	var faults []string
	for i := range c.Accept {
		fault := c.Accept[i].fault(v)
		if fault == "" {
			return nil
		}
		faults = append(faults, fault)
	}
	return fmt.Errorf("the verdict is not among those accepted: %s%s", strings.Join(faults, "; or "), c.strangers(v))
}

// strangers names the hypotheses of a case that a verdict, which lists all of its table,
// does not have.
func (c *Case) strangers(v *outage.Verdict) string {
	known := map[string]bool{}
	for i := range v.Hypotheses {
		known[v.Hypotheses[i].ID] = true
	}
	text := ""
	for i := range c.Accept {
		a := &c.Accept[i]
		ids := slices.Concat(a.Leading, a.First)
		for _, o := range a.Above {
			ids = append(ids, o.Hypothesis, o.Over)
		}
		for _, id := range ids {
			if !known[id] {
				known[id] = true // once is enough
				text += fmt.Sprintf("; %s is no hypothesis of table %s", id, v.Table)
			}
		}
	}
	return text
}

// fault is the first thing that a verdict lacks, empty when nothing does.
func (a *Accept) fault(v *outage.Verdict) string {
	class := v.Class
	if class == outage.CauseUndecided {
		class = undecided
	}
	switch {
	case len(a.State) > 0 && !slices.Contains(a.State, v.State):
		return fmt.Sprintf("state %s is none of %v", v.State, a.State)
	case len(a.Class) > 0 && !slices.Contains(a.Class, class):
		return fmt.Sprintf("class %s is none of %v", class, a.Class)
	case len(a.Layer) > 0 && !slices.Contains(a.Layer, v.Layer.Layer):
		return fmt.Sprintf("layer %q is none of %v", v.Layer.Layer, a.Layer)
	case len(a.First) > 0 && (len(v.Leading) == 0 || !slices.Contains(a.First, v.Leading[0])):
		return fmt.Sprintf("%v does not begin with one of %v", v.Leading, a.First)
	}
	for _, id := range v.Leading {
		if len(a.Leading) > 0 && !slices.Contains(a.Leading, id) {
			return fmt.Sprintf("%s leads and is none of %v", id, a.Leading)
		}
	}
	for _, o := range a.Above {
		if !above(v, o) {
			return fmt.Sprintf("%s has no more support than %s", o.Hypothesis, o.Over)
		}
	}
	return ""
}

// above says whether one hypothesis scores higher than another.
func above(v *outage.Verdict, o Above) bool {
	score := func(id string) (float64, bool) {
		i := slices.IndexFunc(v.Hypotheses, func(h outage.Hypothesis) bool { return h.ID == id })
		if i < 0 {
			return 0, false
		}
		return v.Hypotheses[i].Score, true
	}
	a, okA := score(o.Hypothesis)
	b, okB := score(o.Over)
	return okA && okB && a > b
}
