package casefile

import (
	"fmt"
	"slices"
	"strings"

	"faultline/outage"
)

// undecided is how a case writes the class of a verdict that names none.
const undecided outage.CauseClass = "none"

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
	return fmt.Errorf("the verdict is not among those accepted: %s", strings.Join(faults, "; or "))
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
