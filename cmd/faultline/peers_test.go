package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// How the agent is compared with its peers: everybody probes as many targets of the
// same server as often, at the same time, several rounds. Processor time is taken from
// the kernel over a window in which all targets are probed.
const (
	peerTargets = 150
	peerPeriod  = 10 * time.Second
	peerWindow  = 40 * time.Second
	peerRounds  = 5
)

// peerSite is the server that is probed. It ends each connection after one answer and
// gives no session tickets, so that everybody pays for a whole handshake each time.
type peerSite struct {
	*httptest.Server
	dir        string
	ca         string // file
	answers    atomic.Int64
	handshakes atomic.Int64
}

func newPeerSite(t *testing.T) *peerSite {
	s := &peerSite{dir: t.TempDir()}
	page := "<!doctype html><title>fine</title><p>" + strings.Repeat("All is well. ", 300)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.answers.Add(1)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.SetKeepAlivesEnabled(false)
	certificate, ca := issue(t)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true, NextProtos: []string{"http/1.1"}, VerifyConnection: func(tls.ConnectionState) error {
		s.handshakes.Add(1)
		return nil
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	s.ca = s.write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca})))
	return s
}

// issue makes a certificate for this machine as public ones are made: an authority, one
// between, and the leaf. It returns the authority's own, too.
func issue(t *testing.T) (chain tls.Certificate, ca []byte) {
	t.Helper()
	var parent *x509.Certificate
	var signer *ecdsa.PrivateKey
	for i, name := range []string{"authority", "between", "leaf"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			BasicConstraintsValid: true, IsCA: name != "leaf", KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		if name == "leaf" {
			c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		if parent == nil {
			parent, signer = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		if parent, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		if signer = key; ca == nil {
			ca = der
		} else {
			chain.Certificate = slices.Insert(chain.Certificate, 0, der)
		}
		chain.PrivateKey = key
	}
	return chain, ca
}

func (s *peerSite) target(i int) string { return fmt.Sprintf("%s/%d", s.URL, i) }

func (s *peerSite) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// launch runs a command that trusts the site, until the test ends or stop is called.
func (s *peerSite) launch(t *testing.T, env []string, line ...string) (p proc, stop func()) {
	t.Helper()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(append(os.Environ(), "SSL_CERT_FILE="+s.ca), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(stop)
	return proc(cmd.Process.Pid), stop
}

// peer is one program that probes.
type peer struct {
	name  string
	start func(t *testing.T, s *peerSite) (p proc, stop func())
}

// startOurs runs the agent, with a hub on this machine that is not counted: it signs, spools
// and sends each measurement.
func startOurs(t *testing.T, s *peerSite) (proc, func()) {
	t.Helper()
	dir := t.TempDir()
	var services, targets strings.Builder
	services.WriteString("kind: rig\nservices:\n")
	targets.WriteString("contact: mailto:ops@example.org\ntargets:\n")
	for i := range peerTargets {
		fmt.Fprintf(&services, "  - {id: t-%d, name: Target %d}\n", i, i)
		fmt.Fprintf(&targets, "  - {service: t-%d, url: %q, period: %s}\n", i, s.target(i), peerPeriod)
	}
	_, token, _ := runHere(t, "agent", "token", "create", "--data", filepath.Join(dir, "hub"))
	hub := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "hub"), "--no-builtin-catalog",
		"--catalog", s.write(t, "catalog.yaml", services.String()), "--probes", s.write(t, "probes.yaml", targets.String()))
	p, stop := s.launch(t, nil, os.Getenv("FAULTLINE_BINARY"), "agent", "run", "--hub", hub.url, "--token", strings.TrimSpace(token), "--data", filepath.Join(dir, "agent"))
	return p, func() { stop(); hub.kill() }
}

// startGatus runs Gatus as it comes, but for its log of each probe and its limit of
// three at once.
func startGatus(t *testing.T, s *peerSite) (proc, func()) {
	t.Helper()
	var b strings.Builder
	_, port, _ := strings.Cut(reserve(t), ":")
	fmt.Fprintf(&b, "web: {address: 127.0.0.1, port: %s}\nconcurrency: 0\nendpoints:\n", port)
	for i := range peerTargets {
		fmt.Fprintf(&b, "  - {name: t%d, url: %q, interval: %s, conditions: [\"[STATUS] == 200\"]}\n", i, s.target(i), peerPeriod)
	}
	return s.launch(t, []string{"GATUS_LOG_LEVEL=WARN", "GATUS_CONFIG_PATH=" + s.write(t, "gatus.yaml", b.String())}, os.Getenv("FAULTLINE_GATUS"))
}

// startBlackbox runs the exporter and asks it as Prometheus would: every target once
// a period, over connections that stay open.
func startBlackbox(t *testing.T, s *peerSite) (proc, func()) {
	t.Helper()
	listen := reserve(t)
	config := s.write(t, "blackbox.yml", "modules: {http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}}\n")
	p, stop := s.launch(t, nil, os.Getenv("FAULTLINE_BLACKBOX"), "--config.file="+config, "--web.listen-address="+listen)
	ctx, cancel := context.WithCancel(t.Context())
	var scrapes sync.WaitGroup
	for i := range peerTargets {
		scrapes.Go(func() {
			begin := time.NewTimer(peerPeriod * time.Duration(i) / peerTargets)
			defer begin.Stop()
			select {
			case <-begin.C:
			case <-ctx.Done():
				return
			}
			tick := time.NewTicker(peerPeriod)
			defer tick.Stop()
			for {
				scrape(ctx, "http://"+listen+"/probe?module=http_2xx&target="+url.QueryEscape(s.target(i)))
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return p, func() { cancel(); scrapes.Wait(); stop() }
}

// scrape asks once; whether it worked shows at the site.
func scrape(ctx context.Context, address string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
}

// cost is what a peer took in one round.
type cost struct {
	probes float64
	cpu    float64 // seconds of processor time for a thousand probes
	peak   float64 // MiB, the most that was resident so far
	own    float64 // MiB resident at the end that are not pages of a file
}

// contestant is a peer at work, with a site of its own.
type contestant struct {
	peer
	site    *peerSite
	process proc
	stop    func()
	costs   []cost

	answers int64 // when the round began
	cpu     time.Duration
}

// begin notes where a round begins.
func (c *contestant) begin(t *testing.T) {
	t.Helper()
	c.answers, c.cpu = c.site.answers.Load(), c.process.used(t)
}

// end notes what a round took. Everybody must have probed everything.
func (c *contestant) end(t *testing.T) cost {
	t.Helper()
	probes, used := c.site.answers.Load()-c.answers, c.process.used(t)-c.cpu
	want := float64(peerTargets) * float64(peerWindow) / float64(peerPeriod)
	if got := float64(probes); got < 0.9*want || got > 1.1*want {
		t.Errorf("%s: %d probes in %s, %.0f were asked for", c.name, probes, peerWindow, want)
	}
	now := cost{float64(probes), 1000 * used.Seconds() / float64(probes), c.process.status(t, "VmHWM") / (1 << 20), c.process.status(t, "RssAnon") / (1 << 20)}
	c.costs = append(c.costs, now)
	return now
}

// median of what the rounds took.
func (c *contestant) median(get func(cost) float64) float64 {
	var list []float64
	for _, one := range c.costs {
		list = append(list, get(one))
	}
	return median(list)
}

// settle waits until a whole period has as many probes as there are targets.
func (c *contestant) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; {
		before := c.site.answers.Load()
		time.Sleep(peerPeriod)
		if c.site.answers.Load()-before >= peerTargets*95/100 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never probes all of its targets", c.name)
		}
	}
}

// TestPeers measures the agent beside its peers: make bench-peers. All of them work at
// the same time, so that whatever else the machine does is the same for all. It fails
// when the agent takes more processor time, or more memory of its own, than the better
// of the two.
func TestPeers(t *testing.T) {
	if os.Getenv("FAULTLINE_BINARY") == "" || os.Getenv("FAULTLINE_BLACKBOX") == "" || os.Getenv("FAULTLINE_GATUS") == "" {
		t.Skip("needs the program as it ships, and its peers: make bench-peers")
	}
	var all []*contestant
	for _, p := range []peer{{"faultline agent", startOurs}, {"blackbox_exporter", startBlackbox}, {"Gatus", startGatus}} {
		c := &contestant{peer: p, site: newPeerSite(t)}
		c.process, c.stop = p.start(t, c.site)
		all = append(all, c)
	}
	for _, c := range all {
		c.settle(t)
	}
	for round := range peerRounds {
		for _, c := range all {
			c.begin(t)
		}
		time.Sleep(peerWindow)
		for _, c := range all {
			now := c.end(t)
			t.Logf("round %d, %s: %.0f probes, %.3f s a thousand, peak %.1f MiB, %.1f MiB of its own", round+1, c.name, now.probes, now.cpu, now.peak, now.own)
		}
	}
	for _, c := range all {
		c.stop()
		if probes, shaken := c.site.answers.Load(), c.site.handshakes.Load(); shaken < probes {
			t.Errorf("%s: %d probes with %d handshakes: it does less than the others", c.name, probes, shaken)
		}
	}
	for _, m := range []struct {
		what string
		must bool // be no more than the better of the two
		get  func(cost) float64
	}{
		{"seconds of processor time a thousand probes", true, func(c cost) float64 { return c.cpu }},
		{"MiB of memory of its own", true, func(c cost) float64 { return c.own }},
		{"MiB of memory at most, with the pages of its file", false, func(c cost) float64 { return c.peak }},
	} {
		us, blackbox, gatus := all[0].median(m.get), all[1].median(m.get), all[2].median(m.get)
		t.Logf("%s: faultline agent %.2f, blackbox_exporter %.2f, Gatus %.2f", m.what, us, blackbox, gatus)
		if m.must && us > min(blackbox, gatus) {
			t.Errorf("%s: the agent takes more than the better of its peers", m.what)
		}
	}
}
