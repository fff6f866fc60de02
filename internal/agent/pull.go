package agent

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/clock"
	"faultline/internal/datadir"
)

// maxPlanAge is how long a plan is good that cannot be renewed. Who asks a hub to be
// left alone is left alone by all of its agents within it.
const maxPlanAge = 24 * time.Hour

// savedPlan is the last plan, with when it came: an agent that starts while the hub
// is away goes on with it.
type savedPlan struct {
	At   time.Time      `json:"at"`
	Plan *agentapi.Plan `json:"plan"`
}

func planFile(state string) string { return filepath.Join(state, "plan.json") }

// pull asks for the plan again and again.
func (a *Agent) pull(ctx context.Context) error {
	last := a.lastPlan()
	if last.Plan != nil {
		a.take(last.Plan)
	}
	for failures := 0; ; {
		p, err := a.hub.plan(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = a.cfg.accept(p)
		}
		if isRevoked(err) {
			return err
		}
		wait := backoff(failures)
		switch {
		case err == nil:
			if failures > 0 {
				slog.Info("the hub has a plan for this agent again", "targets", len(p.Targets))
			}
			failures = 0
			if last.Plan == nil || last.Plan.Version != p.Version {
				a.take(p)
			}
			last = savedPlan{At: time.Now(), Plan: p}
			a.savePlan(last)
			wait = time.Duration(max(p.Refresh, agentapi.MinRefresh)) * time.Second
		default:
			if failures%saysEvery == 0 {
				slog.Warn("the plan cannot be renewed; the last one goes on", "error", err)
			}
			failures++
			if last.Plan != nil && time.Since(last.At) > maxPlanAge {
				slog.Error("the plan is too old; nothing is probed until the hub has another", "age", time.Since(last.At).Round(time.Minute).String())
				last = savedPlan{}
				a.take(&agentapi.Plan{})
			}
		}
		a.deps.Metrics.clock(a.hub.clock())
		if clock.Pause(ctx, wait) != nil {
			return nil
		}
	}
}

// take hands a plan to the schedule; a newer one replaces one that it has not seen.
func (a *Agent) take(p *agentapi.Plan) {
	select {
	case <-a.plans:
	default:
	}
	a.plans <- p
}

// lastPlan reads the saved plan; none that is damaged, refused or too old.
func (a *Agent) lastPlan() savedPlan {
	var s savedPlan
	b, err := os.ReadFile(planFile(a.dir.State()))
	if err != nil || json.Unmarshal(b, &s) != nil || s.Plan == nil || a.cfg.accept(s.Plan) != nil || time.Since(s.At) > maxPlanAge {
		return savedPlan{}
	}
	return s
}

func (a *Agent) savePlan(s savedPlan) {
	b, err := json.Marshal(s)
	if err == nil {
		err = datadir.Replace(planFile(a.dir.State()), b)
	}
	if err != nil {
		slog.Error("the plan could not be saved; a restart without the hub would probe nothing", "error", err)
	}
}
