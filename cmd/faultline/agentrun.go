package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"faultline/internal/agent"
	"faultline/internal/httpd"
	"faultline/outage"
)

// agentRunCmd measures from here for a hub.
type agentRunCmd struct {
	Hub      string   `required:"" env:"FAULTLINE_HUB" placeholder:"URL" help:"Address of the hub: https, or http on this machine."`
	Token    string   `env:"FAULTLINE_AGENT_TOKEN" placeholder:"TOKEN" help:"What 'faultline agent token create' printed; needed once, at the first start."`
	Data     string   `default:"faultline-agent" env:"FAULTLINE_AGENT_DATA" placeholder:"DIR" help:"Directory of this agent: its key, its plan and what the hub does not have yet."`
	Country  string   `placeholder:"CC" help:"Where this is: ISO 3166-1, such as DE."`
	Network  string   `placeholder:"ASN" help:"The network that this is in, such as AS64500. An agent of an unknown network adds none to a quorum: what it sees may be the trouble of another's network."`
	Class    string   `placeholder:"CLASS" help:"What sort of network: eyeball, datacenter, mobile, edu or anchor."`
	Resolver string   `placeholder:"ADDR" help:"Resolver to ask instead of the system's."`
	OptOut   []string `name:"opt-out" placeholder:"HOST" help:"Hosts that this agent does not probe, whatever the hub says; with a leading dot, all names below."`
	Lab      bool     `name:"lab" help:"Be an agent of a laboratory: take plans with periods down to a second, and go to no public address."`
	Metrics  string   `env:"FAULTLINE_AGENT_METRICS" placeholder:"ADDR" help:"Address and port where this agent tells of itself at /metrics, such as 127.0.0.1:9190; empty: nowhere."`
	SpoolMB  int64    `name:"spool-mb" default:"1024" help:"MiB of measurements that are kept while the hub is away; beyond it the oldest go, and a signed gap says so."`
}

// Run implements the command.
func (c *agentRunCmd) Run(ctx context.Context, s streams) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(s.err, nil)))
	beSmall()
	cfg := agent.DefaultConfig()
	cfg.Hub, cfg.Token, cfg.Data, cfg.Version, cfg.OptOut = c.Hub, c.Token, c.Data, version(), c.OptOut
	cfg.Vantage = outage.Vantage{Country: c.Country, Network: c.Network, Class: c.Class, Resolver: c.Resolver}
	cfg.SpoolLimit, cfg.Lab = c.SpoolMB<<20, c.Lab
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a, err := agent.Open(cfg, agent.Deps{Metrics: agent.NewMetrics(registry)})
	if err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	if c.Metrics != "" {
		l, err := listen(ctx, c.Metrics)
		if err != nil {
			return errors.Join(err, a.Close())
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
		group.Go(func() error { return httpd.Serve(running, l, mux) })
	}
	fmt.Fprintf(s.out, "agent %s measures for %s\n", a.ID(), c.Hub)
	group.Go(func() error { return a.Run(running) })
	return errors.Join(group.Wait(), a.Close())
}

// beSmall makes the process cheap: one processor is enough for three times the largest
// plan, and more of them mostly look for work that is not there. With so small a heap
// collecting it less often costs some megabytes only. GOMAXPROCS and GOGC win.
func beSmall() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(agentGCPercent)
	}
}

// agentGCPercent costs two megabytes and saves a hundredth or two of the time.
const agentGCPercent = 150
