package siblings

import (
	"slices"

	"faultline/outage"
)

// Glimpse is what a vantage point that can be believed had of a service in the minute
// that ends. It is too little to say that the service fails, and holds for this minute
// alone: two looks in a row make a state, and by then a first judgement is made.
type Glimpse struct {
	Agent         string
	Tried, Failed int
	Layer         outage.Layer // of what most attempts met first
	Failure       outage.Failure
}

// What makes a glimpse one of trouble: most attempts fail, or some of many. In the
// minute in which an outage begins most attempts were made before it.
const (
	glimpseMost  = 0.5
	glimpsePart  = 0.1
	glimpseLeast = 2
)

func (g *Glimpse) bad() bool {
	share := float64(g.Failed) / float64(max(1, g.Tried))
	return share > glimpseMost || g.Failed >= glimpseLeast && share >= glimpsePart
}

// Glimpse takes in what was seen of a service in a minute, until the minute ends. Where
// states of probes say that there is trouble already it adds nothing.
func (b *Book) Glimpse(service string, m outage.Minute, seen []Glimpse) {
	c := b.conditions[service]
	if c == nil {
		return
	}
	n, looking := 0, 0
	manners := map[Manner]int{}
	for i := range seen {
		g := &seen[i]
		if _, looks := slices.BinarySearch(c.Looking, g.Agent); !looks {
			continue
		}
		if looking++; !g.bad() {
			continue
		}
		n++
		manner := MannerOf(g.Layer, g.Failure)
		manners[manner]++
		if spans := c.Agents[g.Agent]; len(spans) > 0 && spans[len(spans)-1].To == 0 {
			continue
		}
		if c.freshAgents == nil {
			c.freshAgents = map[string]span{}
		}
		c.freshAgents[g.Agent] = span{From: m, To: m + 1, Manner: manner}
	}
	if _, bad := c.now(); bad || n == 0 || float64(n) < troubleShare*float64(looking) {
		return
	}
	most := MannerUnknown
	for _, manner := range sortedKeys(manners) {
		if manners[manner] > manners[most] {
			most = manner
		}
	}
	c.fresh = span{From: m, To: m + 1, Manner: most}
}

// trouble is that of the service, with what was glimpsed in the minute that ends.
func (c *condition) trouble() []span { return withFresh(c.Trouble, c.fresh) }

// seenBy is the trouble that a vantage point has with it.
func (c *condition) seenBy(agent string) []span {
	return withFresh(c.Agents[agent], c.freshAgents[agent])
}

func withFresh(spans []span, fresh span) []span {
	if fresh.To == 0 {
		return spans
	}
	return append(slices.Clip(spans), fresh)
}

// troubled lists the vantage points that have had trouble with it, sorted.
func (c *condition) troubled() []string {
	agents := sortedKeys(c.Agents)
	for agent := range c.freshAgents {
		if _, known := c.Agents[agent]; !known {
			agents = append(agents, agent)
		}
	}
	slices.Sort(agents)
	return agents
}
