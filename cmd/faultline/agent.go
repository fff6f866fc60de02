package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/api"
	"faultline/internal/intake"
	"faultline/outage"
)

// agentCmd holds what there is to do with agents.
type agentCmd struct {
	Run   agentRunCmd `cmd:"" help:"Measure from here for a hub, until it is stopped."`
	Token struct {
		Create tokenCreateCmd `cmd:"" help:"Make a token that registers one agent, and print it."`
	} `cmd:"" help:"Tokens that register agents."`
	List   agentListCmd   `cmd:"" help:"List the agents of a hub: whether they are heard of, can be believed and keep up."`
	Revoke agentRevokeCmd `cmd:"" help:"Withdraw an agent: nothing of it is taken any more, and what it said stays."`
}

// tokenCreateCmd makes a token beside a running hub, or before its first start.
type tokenCreateCmd struct {
	Data    string        `default:"faultline-data" env:"FAULTLINE_DATA" placeholder:"DIR" help:"Data directory of the hub."`
	Expires time.Duration `default:"1h" help:"How long the token waits for its agent; it is used up by the first one."`
}

// Run implements the command.
func (c *tokenCreateCmd) Run(s streams) error {
	token, err := intake.NewToken(filepath.Join(c.Data, "private"), time.Now(), c.Expires)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, token)
	return err
}

// agentListCmd asks a hub.
type agentListCmd struct {
	Hub  string `default:"http://127.0.0.1:8080" env:"FAULTLINE_HUB" placeholder:"URL" help:"Address of the hub."`
	JSON bool   `name:"json" help:"Print JSON lines, with the public keys that verify takes."`
}

// Limits of an answer.
const (
	listTimeout = 20 * time.Second
	maxList     = 16 << 20
)

// Run implements the command.
func (c *agentListCmd) Run(ctx context.Context, s streams) error {
	agents, err := c.ask(ctx)
	if err != nil {
		return fmt.Errorf("list the agents of %s: %w", c.Hub, err)
	}
	if c.JSON {
		out := json.NewEncoder(s.out)
		for i := range agents {
			if err := out.Encode(&agents[i]); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tSTATE\tHEALTH\tSEEN\tCOUNTRY\tNETWORK\tCLASS\tCLOCK\tLAG\tMEASUREMENTS")
	for i := range agents {
		a := &agents[i]
		state := string(a.Presence)
		if a.Revoked != 0 {
			state = "revoked"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", a.ID, state, cmp.Or(a.Health, "unknown"), a.Seen,
			dash(a.Vantage.Country), dash(a.Vantage.Network), dash(a.Vantage.Class), clockWords(a.Clock), lagWords(a.Lag), a.Sequence)
	}
	return table.Flush()
}

func (c *agentListCmd) ask(ctx context.Context) ([]api.Agent, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.Hub, "/")+agentapi.PathAgents, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: is the hub running, and is this its address?", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxList))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s: %.200s", res.Status, body)
	}
	var list api.AgentList
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("decode its answer: %w", err)
	}
	return list.Agents, nil
}

// agentRevokeCmd withdraws an agent.
type agentRevokeCmd struct {
	ID     string `arg:"" help:"The agent, as 'faultline agent list' names it."`
	Reason string `help:"Why, in a line: the agent is told, and the list of agents says it." placeholder:"TEXT"`
	Hub    string `default:"http://127.0.0.1:8080" env:"FAULTLINE_HUB" placeholder:"URL" help:"Address of the hub."`
	Data   string `default:"faultline-data" env:"FAULTLINE_DATA" placeholder:"DIR" help:"Data directory of the hub, where the operator's key is."`
	Key    string `env:"FAULTLINE_OPERATOR_KEY" placeholder:"KEY" help:"The operator's key itself, for a hub on another machine."`
}

// Run implements the command.
func (c *agentRevokeCmd) Run(ctx context.Context, s streams) error {
	hub, err := newOperator(c.Hub, c.Data, c.Key)
	if err != nil {
		return err
	}
	body, err := json.Marshal(agentapi.Revocation{Reason: c.Reason})
	if err != nil {
		return err
	}
	var done agentapi.Registered
	path := agentapi.PathAgents + "/" + url.PathEscape(c.ID) + "/revoke"
	if err := hub.post(ctx, request{path: path, contentType: "application/json", body: body, out: &done}); err != nil {
		return fmt.Errorf("revoke agent %s: %w", c.ID, err)
	}
	_, err = fmt.Fprintf(s.out, "agent %s is revoked since %s: nothing of it is taken any more, and its %d measurements stay\n", done.Agent.ID, done.Agent.Revoked, done.Agent.Sequence)
	return err
}

// lagWords say how long the last measurement was on its way.
func lagWords(minutes *int) string {
	if minutes == nil {
		return "-"
	}
	return fmt.Sprintf("%d min", *minutes)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func clockWords(c outage.Clock) string {
	if !c.Synced {
		return "-"
	}
	return fmt.Sprintf("%+.0f ms", c.OffsetMS)
}
