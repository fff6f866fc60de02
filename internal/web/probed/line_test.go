package probed

import (
	"fmt"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// Beyond a few vantage points only the one that failed first shows its strips at once.
func TestManyVantagePointsAreFolded(t *testing.T) {
	const onset = outage.Minute(29026650)
	incident := &outage.Incident{Onset: onset}
	for n := 1; n <= mostUnfolded+1; n++ {
		f := &LineFacts{Pulse: store.Pulse{Closed: onset + 30}}
		for a := range n {
			slot := onset - onset%store.SlotWidth + outage.Minute(n-a)*store.SlotWidth
			f.Looks = append(f.Looks, store.Look{Agent: fmt.Sprint("a", a), Slot: slot, Layer: outage.LayerTCP, Tried: 5, Failed: 5})
		}
		line := LineOf(f, incident)
		if line.Fold != (n > mostUnfolded) || line.Vantages[0].Agent != fmt.Sprint("a", n-1) {
			t.Errorf("%d vantage points: folded %t, first %s", n, line.Fold, line.Vantages[0].Agent)
		}
	}
	if LineOf(&LineFacts{}, incident) != nil {
		t.Error("there is a line where nobody looked")
	}
}
