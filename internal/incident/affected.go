package incident

import (
	"cmp"
	"slices"

	"faultline/outage"
)

// cell is one country or category of an incident with what its past episodes held.
type cell struct {
	outage.Affected
	Episode outage.Minute `json:"episode"` // first alarm of the episode that is counted now
	Past    int           `json:"past"`    // reports of the episodes before
	Current int           `json:"current"`
}

// affect notes a detection of a cell. Only minutes in alarm touch it.
func affect(list []cell, name string, d *outage.Detection, m outage.Minute) []cell {
	if d.Phase != outage.PhaseAlarm {
		return list
	}
	i := slices.IndexFunc(list, func(c cell) bool { return c.Name == name })
	if i < 0 {
		list = append(list, cell{
			Affected: outage.Affected{Name: name, FirstSeen: d.Onset},
			Episode:  d.First,
		})
		i = len(list) - 1
	}
	c := &list[i]
	if c.Episode != d.First {
		c.Episode, c.Past, c.Current = d.First, c.Past+c.Current, 0
	}
	c.Current = max(c.Current, d.OnsetCount)
	c.Total = c.Past + c.Current
	c.FirstSeen = min(c.FirstSeen, d.Onset)
	c.LastSeen = m
	c.Peak = max(c.Peak, d.Count)
	c.Effect = max(c.Effect, d.Effect)
	return list
}

// affectPlaces notes the places of a wide detection, each with its own numbers.
func affectPlaces(list []cell, d *outage.Detection, m outage.Minute) []cell {
	for _, p := range d.Places {
		one := *d
		one.Count, one.OnsetCount, one.Effect = p.Last, p.Count, 0
		if p.Expected > 0 {
			one.Effect = float64(p.Count) / p.Expected
		}
		list = affect(list, p.Name, &one, m)
	}
	return list
}

// published orders cells by first seen, then name.
func published(list []cell) []outage.Affected {
	out := make([]outage.Affected, 0, len(list))
	for _, c := range list {
		out = append(out, c.Affected)
	}
	slices.SortFunc(out, func(a, b outage.Affected) int {
		return cmp.Or(cmp.Compare(a.FirstSeen, b.FirstSeen), cmp.Compare(a.Name, b.Name))
	})
	return out
}
