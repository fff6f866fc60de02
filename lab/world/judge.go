//go:build linux

package world

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/lab/proc"
	"faultline/lab/stand"
	"faultline/lab/topology"
	"faultline/outage"
)

// hubURL is the hub as the run itself reaches it.
const hubURL = "http://" + stand.HubInner

// HubData is the directory of the hub's log.
func (w *World) HubData() string { return w.path("hub", "data") }

// openHub starts the hub, with the front that ends TLS for it.
func (w *World) openHub(ctx context.Context) error {
	for name, text := range map[string]string{"catalog.yaml": stand.Catalog(), "probes.yaml": stand.Probes()} {
		if err := w.keep(w.path("hub", name), text); err != nil {
			return err
		}
	}
	if w.Prepare != nil {
		if err := w.Prepare(ctx, w.HubData()); err != nil {
			return err
		}
	}
	_, err := w.group.Start(w.base, proc.Spec{Name: "hub", Share: proc.Judge, Args: []string{
		w.Faultline, "serve", "--listen", stand.HubInner, "--data", w.HubData(), "--no-builtin-catalog", "--catalog", w.path("hub", "catalog.yaml"),
		"--probes", w.path("hub", "probes.yaml"), "--trusted-hops", "127.0.0.1",
	}})
	if err != nil {
		return err
	}
	return w.until(ctx, "the hub", func() error {
		_, err := w.ask(ctx, "/healthz")
		return err
	})
}

// ask asks the hub.
func (w *World) ask(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, hubURL+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := hubClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	const most = 8 << 20
	b, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the hub answers %s to %s: %.200s", res.Status, path, b)
	}
	return b, err
}

// hubClient gives up on a hub that hangs.
var hubClient = &http.Client{Timeout: 10 * time.Second}

// agentUser is whom agents run as: a rule can tell their packets from people's.
const agentUser = "65534"

// Begin starts agents and people: the warm-up begins.
func (w *World) Begin(ctx context.Context) error {
	if err := w.openAgents(ctx); err != nil {
		return err
	}
	for _, c := range topology.Clients() {
		if len(c.People) > 0 {
			if err := w.openCrowd(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *World) openAgents(ctx context.Context) error {
	group, starting := errgroup.WithContext(ctx)
	for _, c := range topology.Clients() {
		group.Go(func() error {
			token, dir := "", w.path("agent-"+c.Name)
			err := w.group.Run(starting, proc.Spec{Name: "token-" + c.Name, Args: []string{w.Faultline, "agent", "token", "create", "--data", w.HubData()}, Out: func(l string) { token = strings.TrimSpace(l) }})
			if err != nil {
				return err
			}
			if err := w.group.Run(starting, proc.Spec{Name: "token-" + c.Name, Args: []string{"install", "-d", "-o", agentUser, "-m", "0700", dir}}); err != nil {
				return err
			}
			return w.startAgent(c, dir, token)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return w.until(ctx, "the agents", w.measuring)
}

func (w *World) startAgent(c topology.Client, dir, token string) error {
	if err := w.nameserver(c); err != nil {
		return err
	}
	p, err := w.group.Start(w.base, proc.Spec{
		Space: c.Space(), Name: "agent-" + c.Name, Share: proc.Judge, Dir: "/", Env: []string{"SSL_CERT_FILE=" + w.authority.CA(), "HOME=" + dir},
		Args: []string{"setpriv", "--reuid=" + agentUser, "--regid=" + agentUser, "--clear-groups", w.Faultline, "agent", "run", "--lab",
			"--hub", fmt.Sprintf("https://%s:%d", topology.HubAddr, stand.HubPort), "--token", token, "--data", dir, "--spool-mb", "16",
			"--country", c.Country, "--network", c.Network, "--class", c.Class, "--resolver", c.Resolver().String()},
	})
	if err != nil {
		return err
	}
	return w.settled(p)
}

// nameserver makes programs of a client network ask its resolver: ip(8) shows them
// this file as theirs.
func (w *World) nameserver(c topology.Client) error {
	dir := filepath.Join("/etc/netns", c.Space())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("name a resolver: %w", err)
	}
	return w.keep(filepath.Join(dir, "resolv.conf"), fmt.Sprintf("nameserver %s\noptions timeout:2 attempts:2\n", c.Resolver()))
}

// measuring says whether every agent has sent something.
func (w *World) measuring() error {
	b, err := w.ask(w.base, "/api/v1/agents")
	if err != nil {
		return err
	}
	var list struct {
		Agents []outage.Agent `json:"agents"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	n := 0
	for _, a := range list.Agents {
		if a.Sequence > 0 {
			n++
		}
	}
	if want := len(topology.Clients()); n < want {
		return fmt.Errorf("%d of %d agents have sent measurements", n, want)
	}
	return nil
}

// Verdict is what the hub says of a service's newest incident; nil: nothing yet.
func (w *World) Verdict(ctx context.Context, service string) (*outage.Verdict, error) {
	b, err := w.ask(ctx, "/api/v1/incidents?service="+service)
	if err != nil {
		return nil, err
	}
	var incidents struct {
		Incidents []struct {
			ID string `json:"id"`
		} `json:"incidents"`
	}
	if err := json.Unmarshal(b, &incidents); err != nil || len(incidents.Incidents) == 0 {
		return nil, err
	}
	if b, err = w.ask(ctx, "/api/v1/incidents/"+incidents.Incidents[0].ID+"/verdicts?limit=1"); err != nil {
		return nil, err
	}
	var list struct {
		Verdicts []outage.Verdict `json:"verdicts"`
	}
	if err := json.Unmarshal(b, &list); err != nil || len(list.Verdicts) == 0 {
		return nil, err
	}
	return &list.Verdicts[0], nil
}

// End stops people and agents, which send what they still have, and the hub last.
func (w *World) End() {
	w.mu.Lock()
	var first []*proc.Process
	for _, k := range w.crowds {
		k.orders.Close()
		first = append(first, k.proc)
	}
	w.mu.Unlock()
	for _, p := range first {
		p.Stop(syscall.SIGTERM)
	}
	w.group.StopNamed(syscall.SIGTERM, "agent-")
	w.group.StopNamed(syscall.SIGTERM, "hub")
}
