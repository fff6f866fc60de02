package main

import (
	"fmt"
	"math/rand/v2"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/internal/assess"
	"faultline/internal/incident"
	"faultline/internal/judge"
	"faultline/outage"
)

// agentsCmd counts the incidents that probes alone open at services that are well.
type agentsCmd struct {
	Services int    `help:"Services that are probed." default:"10"`
	Days     int    `help:"Days of each row." default:"90"`
	Agents   int    `help:"Agents, each in a network of its own." default:"3"`
	Seed     uint64 `help:"Seed of the draw." default:"1"`
}

// Help is what kong prints beyond the flags.
func (c *agentsCmd) Help() string {
	return `Every service is well all the time, and the ways to it are not: attempts fail by
chance, in bursts, for an agent whose line is bad, or for two agents at once. What
they measure goes through the same judging, detector and incidents as in serve.
Each agent looks at two addresses of each service and at two controls once a minute.`
}

// trouble rates of a row.
type ways struct {
	name    string
	chance  float64 // that an attempt fails
	bursts  float64 // a day for each pair of agent and service
	length  float64 // of a burst, in minutes, on average
	depth   float64 // chance that an attempt fails within one
	impair  float64 // a week for each agent: half an hour in which half of everything fails
	uplinks float64 // a week for each service: bursts that two agents share
}

func agentWays() []ways {
	return []ways{
		{name: "1 % of attempts fail", chance: .01},
		{name: "2 % of attempts fail", chance: .02},
		{name: "1 %, and a burst a day at each pair", chance: .01, bursts: 1, length: 3, depth: .6},
		{name: "2 %, and three long bursts a day", chance: .02, bursts: 3, length: 5, depth: .8},
		{name: "the third row, agents impaired once a week", chance: .01, bursts: 1, length: 3, depth: .6, impair: 1},
		{name: "the same, one burst a week shared by two agents", chance: .01, bursts: 1, length: 3, depth: .6, impair: 1, uplinks: 1},
	}
}

// agentsCount is what a row brought.
type agentsCount struct{ suspected, confirmed int }

// Run simulates and prints a table.
func (c *agentsCmd) Run(s streams) error {
	if c.Services < 1 || c.Days < 1 || c.Agents < 2 {
		return fmt.Errorf("--services %d --days %d --agents %d: at least 1, 1 and 2", c.Services, c.Days, c.Agents)
	}
	rows := agentWays()
	counts := make([]agentsCount, len(rows))
	var group errgroup.Group
	for i := range rows {
		group.Go(func() (err error) {
			counts[i], err = c.simulate(&rows[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	months := float64(c.Services) * float64(c.Days) / 30
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ways to the services\tservice-months\tsuspected\tper service-month\tconfirmed\tper service-year")
	for i, n := range counts {
		fmt.Fprintf(t, "%s\t%.0f\t%d\t%.3f\t%d\t%.3f\n", rows[i].name, months, n.suspected, float64(n.suspected)/months, n.confirmed, 12*float64(n.confirmed)/months)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// spell is trouble that lasts until a minute.
type spell struct{ until outage.Minute }

// over says whether it is, and begins another with so many a day.
func (s *spell) over(r *rand.Rand, m outage.Minute, perDay, length float64) bool {
	if m >= s.until && perDay > 0 && r.Float64() < perDay/float64(outage.Day) {
		s.until = m + 1 + outage.Minute(r.ExpFloat64()*length)
	}
	return m >= s.until
}

// simulate runs one row from its first minute on.
func (c *agentsCmd) simulate(w *ways) (agentsCount, error) {
	detector, err := newDetector()
	if err != nil {
		return agentsCount{}, err
	}
	book, incidents := assess.New(judge.DefaultQuorum()), incident.New(incident.DefaultConfig())
	sim := newAgentsWorld(c, w)
	ids, confirmed := map[string]bool{}, map[string]bool{}
	begin := outage.MinuteOf(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	for m := begin; m < begin+outage.Minute(c.Days)*outage.Day; m++ {
		sim.minute(m, book.Take)
		points, states := book.Close(m, false)
		for service, list := range points {
			if err := detector.Take(&outage.MinutePoints{Service: service, Minute: m, Points: list}); err != nil {
				return agentsCount{}, err
			}
		}
		detections, _ := detector.Close(m, false)
		for i := range detections {
			incidents.Observe(&detections[i])
		}
		for i := range states {
			incidents.Probed(&states[i])
		}
		for _, inc := range incidents.End(m, false) {
			ids[inc.ID] = true
			if inc.Confirmed != 0 {
				confirmed[inc.ID] = true
			}
		}
	}
	return agentsCount{len(ids), len(confirmed)}, nil
}

// agentsWorld makes measurements.
type agentsWorld struct {
	*ways
	r        *rand.Rand
	agents   []outage.Measurement // what is the same in all of an agent's
	services []string
	lines    []spell   // by agent
	pairs    [][]spell // by service, then agent
	shared   []spell   // by service
}

func newAgentsWorld(c *agentsCmd, w *ways) *agentsWorld {
	s := &agentsWorld{
		ways: w, r: rand.New(rand.NewPCG(c.Seed, uint64(len(w.name)))), //nolint:gosec // a simulation, repeatable by its seed
		lines: make([]spell, c.Agents), shared: make([]spell, c.Services),
	}
	for i := range c.Agents {
		s.agents = append(s.agents, outage.Measurement{
			Agent: fmt.Sprintf("a%d", i), Attempt: 1,
			Vantage: outage.Vantage{Country: []string{"DE", "FR", "US", "JP"}[i%4], Network: fmt.Sprintf("AS%d", 64500+i), Class: outage.ClassDatacenter},
		})
	}
	for i := range c.Services {
		s.services = append(s.services, fmt.Sprintf("s%d", i))
		s.pairs = append(s.pairs, make([]spell, c.Agents))
	}
	return s
}

// minute hands over what the agents measure in a minute.
func (s *agentsWorld) minute(m outage.Minute, take func(outage.Minute, *outage.Measurement)) {
	const halfAnHour = 30
	for i := range s.agents {
		line := s.chance
		if !s.lines[i].over(s.r, m, s.impair/7, halfAnHour) {
			line = .5
		}
		for n := range 2 {
			take(m, s.attempt(i, outage.Target{Role: outage.RoleControl, URL: []string{"https://one.example/", "https://two.example/"}[n], Family: 4}, line))
		}
		for n, id := range s.services {
			p := line
			if !s.pairs[n][i].over(s.r, m, s.bursts, s.length) {
				p = max(p, s.depth)
			}
			// The first agent moves the burst that it shares with the second.
			if i == 0 && !s.shared[n].over(s.r, m, s.uplinks/7, s.length) || i == 1 && m < s.shared[n].until {
				p = max(p, s.depth)
			}
			for range 2 {
				take(m, s.attempt(i, outage.Target{Service: id, Role: outage.RolePrimary, URL: "https://" + id + ".example/", Family: 4}, p))
			}
		}
	}
}

// attempt fails by a chance: at the connection, or later.
func (s *agentsWorld) attempt(agent int, t outage.Target, p float64) *outage.Measurement {
	m := s.agents[agent]
	m.Target, m.Outcome = t, outage.OutcomeOK
	m.DNS, m.TCP = &outage.DNS{Span: outage.Span{T: 3}}, &outage.TCP{Span: outage.Span{T0: 3, T: 23}}
	if s.r.Float64() < p {
		m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect, outage.FailureTimeout
		return &m
	}
	wait := 60 + 20*s.r.ExpFloat64()
	m.TLS = &outage.TLS{Span: outage.Span{T0: 23, T: 50}}
	m.HTTP = &outage.HTTP{Span: outage.Span{T0: 50, T: 50 + wait}, FirstByte: wait, Status: 200, BodyClass: outage.BodyOK}
	return &m
}
