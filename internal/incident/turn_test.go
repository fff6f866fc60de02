package incident

import (
	"strings"
	"testing"

	"faultline/outage"
)

// Agents that see some attempts fail make an incident when enough of them turned from
// well to trouble at the same time, and not when they never saw it well, when they are
// few of many, or when each turned at another time.
func TestManyTurn(t *testing.T) {
	at := func(s *outage.ProbeState, since ...outage.Minute) *outage.ProbeState {
		for i := range since {
			s.Vantages[i].Since = noon + since[i]
		}
		return s
	}
	partly := func(n int) []string { return strings.Fields(strings.Repeat("partly ", n)) }
	ok := func(n int) []string { return strings.Fields(strings.Repeat("ok ", n)) }
	for _, c := range []struct {
		name   string
		states map[int]*outage.ProbeState
		want   string
	}{
		{"all turn", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(4)...), 5: sees(noon+5, noon+4, partly(4)...), 20: sees(noon+20, noon+19, ok(4)...),
		}, "5 suspected, 7 confirmed, 20 recovering, 79 resolved; onset 4 end 19; probes_only 4/4 tcp connection_refused; probes"},
		{"one minute after the other", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(4)...), 5: at(sees(noon+5, noon+4, "partly", "partly", "ok", "ok"), 4, 4, -60, -60),
			6: at(sees(noon+6, noon, "partly", "partly", "partly", "ok"), 4, 4, 5, -60), 20: sees(noon+20, noon+19, ok(4)...),
		}, "6 suspected, 8 confirmed, 20 recovering, 79 resolved; onset 4 end 19; probes_only 3/4 tcp connection_refused; probes"},
		{"hours apart", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(3)...), 5: at(sees(noon+5, noon, "partly", "ok", "ok"), 4, -60, -60),
			9: at(sees(noon+9, noon, "partly", "partly", "ok"), 4, 8, -60), 60: at(sees(noon+60, noon, "partly", "partly", "partly"), 4, 8, 59),
		}, ""},
		{"never seen well", map[int]*outage.ProbeState{0: sees(noon, noon, partly(4)...), 9: sees(noon+9, noon, partly(4)...)}, ""},
		{"two of two", map[int]*outage.ProbeState{0: sees(noon, noon-60, ok(2)...), 5: sees(noon+5, noon+4, partly(2)...)}, ""},
		{"three of six", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(6)...), 5: sees(noon+5, noon+4, append(partly(3), ok(3)...)...),
		}, ""},
		{"agents that nobody believes", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(4)...), 5: sees(noon+5, noon+4, "off", "off", "off", "partly"),
		}, ""},
		{"refused", map[int]*outage.ProbeState{
			0: sees(noon, noon-60, ok(4)...), 5: sees(noon+5, noon+4, "refused", "refused", "refused", "refused"),
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			feed := func(f *Fold, i int) {
				if s := c.states[i]; s != nil {
					f.Probed(s)
				}
			}
			for _, restart := range []bool{false, true} {
				if got := probedStory(t, feed, 90, restart); got != c.want {
					t.Errorf("restarts %v: %s\nwant %s", restart, got, c.want)
				}
			}
		})
	}
}
