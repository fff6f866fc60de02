package judge

import "fmt"

// QuorumConfig is how much it takes to confirm an incident on measurements alone.
type QuorumConfig struct {
	Agents   int // healthy agents that must fail
	Networks int // different networks among them
}

// DefaultQuorum takes two agents in two networks.
func DefaultQuorum() QuorumConfig { return QuorumConfig{Agents: 2, Networks: 2} }

// Voice is what one agent says of a service.
type Voice struct {
	Agent   string
	Network string // "AS64500"; empty: not known
	Health  Health
	Failing bool // its attempts fail by its own record
	Blocked bool // they look like refusals of the monitor
}

// Count is the result of a vote.
type Count struct {
	Confirmed bool
	Failing   int    // agents that count and fail
	Working   int    // agents that count and do not
	Networks  int    // different networks of those that fail
	Ignored   int    // agents that do not count
	Why       string // one sentence
}

// Quorum counts the agents that fail. Only the word of a healthy agent counts: one
// whose controls fail sees its own failure. Agents in networks that are not known may
// all be in one, and in that of any other agent, so they add none to those that are
// known.
func Quorum(voices []Voice, cfg QuorumConfig) Count {
	var c Count
	networks := map[string]bool{}
	healthy := 0
	for _, v := range voices {
		if v.Health == HealthHealthy {
			healthy++
		}
		switch {
		case v.Failing && (v.Health != HealthHealthy || v.Blocked), !v.Failing && v.Health == HealthOffline:
			c.Ignored++
		case v.Failing:
			c.Failing++
			networks[v.Network] = true
		default:
			c.Working++
		}
	}
	if c.Networks = len(networks); networks[""] && c.Networks > 1 {
		c.Networks-- // nobody can say that it is none of the others
	}
	c.Confirmed = c.Failing >= max(1, cfg.Agents) && c.Networks >= max(1, cfg.Networks)
	c.Why = c.why(cfg, healthy)
	return c
}

// why says the count in a sentence.
func (c *Count) why(cfg QuorumConfig, healthy int) string {
	switch {
	case c.Confirmed:
		return fmt.Sprintf("%s in %s fail, and %d were needed in %d", agents(c.Failing), networksOf(c.Networks), cfg.Agents, cfg.Networks)
	case c.Failing == 0 && c.Ignored > 0:
		return fmt.Sprintf("%s not counted: its own controls fail, or it is refused", agentIs(c.Ignored))
	case c.Failing == 0:
		return "no agent that counts fails"
	case c.Failing+c.Working == 1:
		return "single vantage: one agent alone proves nothing of a service"
	case c.Failing < cfg.Agents:
		return fmt.Sprintf("%s of %d healthy ones fails, and %d are needed", agents(c.Failing), healthy, cfg.Agents)
	}
	return fmt.Sprintf("%s fail, all in %s, and %d different ones are needed", agents(c.Failing), networksOf(c.Networks), cfg.Networks)
}

func agents(n int) string {
	if n == 1 {
		return "1 agent"
	}
	return fmt.Sprintf("%d agents", n)
}

func agentIs(n int) string {
	if n == 1 {
		return "1 agent is"
	}
	return fmt.Sprintf("%d agents are", n)
}

func networksOf(n int) string {
	if n == 1 {
		return "1 network"
	}
	return fmt.Sprintf("%d networks", n)
}
