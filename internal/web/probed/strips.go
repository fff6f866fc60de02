package probed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Strip is one layer over the last 24 hours. Its cells say by their height what they
// are: low for what answered, half for what failed at times, full for what failed.
type Strip struct {
	ID, Layer      string
	Now            string // in a word
	Desc           string // what one would see in it
	Fine           string // paths, in slots by hundredths
	Partly, Failed string
	Width          int
}

// layerOrder is the order in which a request passes the layers.
var layerOrder = []outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp, "",
}

// stripsOf draws the last day of one agent, a strip for each layer it tried.
func stripsOf(f *Facts, s *outage.VantageState, looks []store.Look, closed outage.Minute) []Strip {
	var out []Strip
	for _, layer := range layerOrder {
		var mine []store.Look
		for _, l := range looks {
			if l.Layer == layer {
				mine = append(mine, l)
			}
		}
		if len(mine) == 0 {
			continue
		}
		out = append(out, stripOf(f, s, layer, mine, slotsOf(f, closed)))
	}
	return out
}

func stripOf(f *Facts, s *outage.VantageState, layer outage.Layer, looks []store.Look, width int) Strip {
	cells := make([]chart.Cell, width)
	tried, failed, bad := 0, 0, 0
	var first, last outage.Minute
	for _, l := range looks {
		i := int((l.Slot - f.From) / store.SlotWidth)
		if i < 0 || i >= width {
			continue
		}
		tried, failed = tried+l.Tried, failed+l.Failed
		switch {
		case l.Failed == 0:
			cells[i] = chart.CellFine
			continue
		case l.Failed < l.Tried:
			cells[i] = chart.CellPartly
		default:
			cells[i] = chart.CellFailed
		}
		bad++
		if first == 0 {
			first = l.Slot
		}
		last = l.Slot
	}
	id := strings.ReplaceAll(s.Agent, " ", "_") // of an import anything may be in it
	v := Strip{ID: "strip-" + id + "-" + cmp.Or(string(layer), "all"), Layer: words.LayerName(layer), Width: width}
	v.Fine, v.Partly, v.Failed = chart.Strip(cells)
	span := cmp.Or(f.Span, "in the last 24 hours")
	v.Desc = fmt.Sprintf("%s %s, none failed.", words.Plural(tried, "attempt"), span)
	if failed > 0 {
		v.Desc = fmt.Sprintf("%s of %s failed %s, between %s and %s.",
			words.Count(failed), words.Plural(tried, "attempt"), span, first.Time().Format("15:04"), words.At(last+store.SlotWidth, last).Text)
	}
	if i := slices.IndexFunc(s.Layers, func(l outage.LayerState) bool { return l.Layer == layer }); i >= 0 {
		v.Now = layerWord(s.Layers[i].State)
	}
	return v
}

func layerWord(state string) string {
	switch state {
	case outage.LayerFine:
		return "answers"
	case outage.LayerSlow:
		return "slow"
	case outage.LayerPartly:
		return "fails at times"
	case outage.LayerFailing:
		return "fails"
	}
	return state
}
