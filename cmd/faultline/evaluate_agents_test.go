package main

import (
	"strings"
	"testing"
)

// Lone failures open nothing, and the same seed draws the same world.
func TestEvaluateAgents(t *testing.T) {
	c := &agentsCmd{Services: 2, Days: 1, Agents: 3, Seed: 1}
	rows := agentWays()
	for _, i := range []int{0, 3} {
		first, err := c.simulate(&rows[i])
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.simulate(&rows[i])
		if err != nil || again != first {
			t.Errorf("%s: %+v and then %+v, %v", rows[i].name, first, again, err)
		}
		if i == 0 && first != (agentsCount{}) {
			t.Errorf("%s: %+v", rows[i].name, first)
		}
	}
	code, _, errs := command(t.Context(), "", "evaluate", "agents", "--agents", "1")
	if code == 0 || !strings.Contains(errs, "--agents") {
		t.Errorf("one agent: %d %s", code, errs)
	}
}
