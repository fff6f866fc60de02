package cap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"faultline/outage"
)

const (
	// halfLife is how fast the usual shares forget.
	halfLife = 7 * outage.Day
	// forget is how often they are brought forward; in between they stand still.
	forget = outage.Hour
	// lean is the number of reports that a service must have before its own shares
	// weigh as much as the shares over all services.
	lean = 20
	// leanAll does the same between all services and knowing nothing.
	leanAll = 200
	// MaxShares bounds the networks that are remembered of one service. The rest is
	// forgotten, smallest first: they have the caps of an unknown network.
	MaxShares = 2_000
	// leastShare is a weight below which a network is forgotten.
	leastShare = 0.05

	// A service is in a burst when its window has more than burstTimes what is
	// usual plus burstFloor; reports are then learned with burstWeight.
	burstTimes  = 3.0
	burstFloor  = 5.0
	burstWeight = 0.125
)

// shares is what is usual: how many reports come from where, and how many at all.
// Everything decays with halfLife.
type shares struct {
	Minute   outage.Minute      `json:"minute"`   // learned up to and including
	Decayed  outage.Minute      `json:"decayed"`  // brought forward to
	Time     float64            `json:"time"`     // minutes that were learned from
	Total    float64            `json:"total"`    // reports
	Networks map[string]float64 `json:"networks"` // reports by network
	busy     outage.Minute      // last minute for which a report added to Time
}

func newShares() *shares { return &shares{Networks: map[string]float64{}} }

// learn takes in a report that has left the window. It is false for one that was
// learned before a restart.
func (s *shares) learn(e event) bool {
	if e.minute <= s.Minute {
		return false
	}
	s.idle(e.minute - 1)
	if s.busy != e.minute {
		s.busy = e.minute
		s.Time += float64(e.weight)
	}
	s.add(e)
	return true
}

// add counts a report. A pseudonym, which stands for an unknown network, changes
// every day, so it never becomes usual.
func (s *shares) add(e event) {
	s.Total += float64(e.weight)
	if !strings.HasPrefix(e.network, "~") {
		s.Networks[e.network] += float64(e.weight)
	}
}

// elapse says that everything up to a minute has been learned.
func (s *shares) elapse(m outage.Minute) {
	if m <= s.Minute {
		return
	}
	s.idle(m)
	s.Minute = m
	if s.Decayed == 0 {
		s.Decayed = m
	}
	if gone := m - s.Decayed; gone >= forget {
		s.decay(math.Exp2(-float64(gone) / float64(halfLife)))
		s.Decayed = m
	}
}

// idle adds the minutes without a report between the last that was learned and m.
func (s *shares) idle(m outage.Minute) {
	from := max(s.Minute, s.busy)
	if from > 0 && m > from {
		s.Time += float64(min(m-from, halfLife))
	}
	if m > from {
		s.busy = m
	}
}

func (s *shares) decay(by float64) {
	s.Time *= by
	s.Total *= by
	for n, v := range s.Networks {
		if v *= by; v < leastShare {
			delete(s.Networks, n)
		} else {
			s.Networks[n] = v
		}
	}
	if len(s.Networks) > MaxShares {
		s.prune()
	}
}

// prune keeps the MaxShares largest networks.
func (s *shares) prune() {
	names := make([]string, 0, len(s.Networks))
	for n := range s.Networks {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Networks[b], s.Networks[a]), strings.Compare(a, b))
	})
	for _, n := range names[MaxShares:] {
		delete(s.Networks, n)
	}
}

// shareOf is the usual share of a network, leaning on its share over all services
// while little is known.
func (s *shares) shareOf(network string, all *shares) float64 {
	everywhere := all.Networks[network] / (all.Total + leanAll)
	return (s.Networks[network] + lean*everywhere) / (s.Total + lean)
}

// rate is the mean number of reports in a window.
func (s *shares) rate() float64 {
	if s.Time == 0 {
		return 0
	}
	return s.Total / s.Time * float64(outage.ReportWindow)
}

// usual is the rate as far as it can be trusted: it is fully known after a day.
func (s *shares) usual() float64 { return s.rate() * min(1, s.Time/float64(outage.Day)) }

// snapshot is the stored form: what was learned, without the windows.
type snapshot struct {
	Services map[string]*shares `json:"services"`
	All      *shares            `json:"all"`
}

// Snapshot is what was learned, as JSON. The windows are not in it: the caller
// feeds the last reports to Count after Restore.
func (c *Caps) Snapshot() ([]byte, error) {
	snap := snapshot{Services: make(map[string]*shares, len(c.services)), All: c.all}
	for id, s := range c.services {
		snap.Services[id] = s.learned
	}
	data, err := json.Marshal(snap)
	if err != nil {
		return nil, fmt.Errorf("save the usual shares of networks: %w", err)
	}
	return data, nil
}

// Restore takes back a snapshot. After an error nothing has been learned, which
// costs a few days of looser caps and no report.
func (c *Caps) Restore(data []byte) error {
	var snap snapshot
	if err := json.Unmarshal(data, &snap); err != nil {
		return fmt.Errorf("read the usual shares of networks: %w", err)
	}
	fresh := New(c.cfg)
	if snap.All.sound() {
		fresh.all = snap.All
	}
	for id, s := range snap.Services {
		if s.sound() {
			fresh.services[id] = newService(s.Minute)
			fresh.services[id].learned = s
		}
	}
	*c = *fresh
	return nil
}

// sound says whether stored shares can be used.
func (s *shares) sound() bool {
	if s == nil || !(s.Time >= 0) || !(s.Total >= 0) || math.IsInf(s.Time+s.Total, 0) {
		return false
	}
	if s.Networks == nil {
		s.Networks = map[string]float64{}
	}
	for _, v := range s.Networks {
		if !(v >= 0) || math.IsInf(v, 0) {
			return false
		}
	}
	s.busy = s.Minute
	return true
}
