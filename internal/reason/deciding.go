package reason

import (
	"cmp"
	"math"
	"slices"

	"faultline/internal/knowledge"
)

// decides is how far apart a sign must move two hypotheses, in log10, to be worth
// asking for.
const decides = 1

// deciding lists the unknown signs that would tell two hypotheses apart, the most
// telling first.
func deciding(a, b string, unknown open, t *knowledge.Table) []string {
	type gap struct {
		sign string
		size float64
	}
	ha, hb := t.Hypothesis(a), t.Hypothesis(b)
	var gaps []gap
	for i := range t.Signs {
		id := t.Signs[i].ID
		if !unknown[id] {
			continue
		}
		wa, wb := weightOrNone(ha, id), weightOrNone(hb, id)
		size := max(math.Abs(wa.Present-wb.Present), math.Abs(wa.Absent-wb.Absent))
		if size >= decides {
			gaps = append(gaps, gap{id, size})
		}
	}
	slices.SortStableFunc(gaps, func(a, b gap) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.sign, b.sign))
	})
	signs := make([]string, len(gaps))
	for i, g := range gaps {
		signs[i] = g.sign
	}
	return signs
}

func weightOrNone(h *knowledge.Hypothesis, sign string) knowledge.Weight {
	if w := weightOf(h, sign); w != nil {
		return *w
	}
	return knowledge.Weight{}
}
