package stand

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/catalog"
	"faultline/internal/intake"
	"faultline/lab/topology"
)

// Certificates are wrong in exactly the way that they are meant to be.
func TestCertificates(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	a, err := NewAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(a.CA())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, c := range []struct {
		leaf Leaf
		want string
	}{
		{Leaf{Name: "good", Hosts: []string{FeedHost}}, ""},
		{Leaf{Name: "expired", Hosts: []string{FeedHost}, Expired: true}, "expired"},
		{Leaf{Name: "name", Hosts: []string{"staging.feed.example"}}, "is valid for"},
		{Leaf{Name: "alone", Hosts: []string{FeedHost}, Alone: true}, "unknown authority"},
	} {
		if err := a.Issue(c.leaf, now); err != nil {
			t.Fatal(err)
		}
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, c.leaf.Name+".pem"), filepath.Join(dir, c.leaf.Name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: FeedHost, CurrentTime: now})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.leaf.Name, err, c.want)
		}
	}
}

// The hub and its agents take what is written for them, and probe within the lab.
func TestHubFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(Catalog()), 0o600); err != nil {
		t.Fatal(err)
	}
	services, err := catalog.Load(false, path)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range services {
		known[s.ID] = true
	}
	specs, err := intake.ParseSpecs([]byte(Probes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := specs.Validate(); err != nil || !specs.Lab || len(specs.Controls) < 2 {
		t.Errorf("%v, %+v", err, specs)
	}
	for _, s := range specs.Targets {
		if !known[s.Service] {
			t.Errorf("%s is probed and not in the catalog", s.Service)
		}
	}
	if p := specs.Plan(nil); !p.Lab || len(p.Targets) < len(specs.Targets)+2 {
		t.Errorf("the plan: %+v", p)
	}
}

// What an edge answers by itself is for the requests that it is meant for.
func TestEdgeConfig(t *testing.T) {
	for _, c := range []struct {
		answer Answer
		want   []string
	}{
		{Answer{}, []string{"proxy_pass http://$to", "map $uri $fault { default 0; }"}},
		{Answer{Kind: AnswerStatus, Status: 503}, []string{"if ($fault) { return 503; }", "geo $fault_from { default 1; }"}},
		{Answer{Kind: AnswerDead, Percent: 30}, []string{"set $to dead", "30% 1; * 0;"}},
		{Answer{Kind: AnswerLoop}, []string{"return 302 https://$host$request_uri"}},
		{Answer{Kind: AnswerChallenge, Paths: []string{"/login"}}, []string{"Checking your browser", "$cookie_passed", "default 0; ~^/login 1;"}},
		{Answer{Kind: AnswerBlock, From: []netip.Prefix{netip.MustParsePrefix("10.1.4.0/24")}}, []string{"Access denied", "default 0; 10.1.4.0/24 1;"}},
		{Answer{Kind: AnswerLimit, PerSecond: 3}, []string{"rate=3r/s", "limit_req_status 429"}},
		{Answer{Kind: AnswerStatus, Status: 500, Mobile: true}, []string{`default 0; "?1" 1;`}},
	} {
		e := Edge{PoP: topology.PoP1, Tenant: topology.TenantFeed, Dir: "/x", Cert: CertGood, Answer: c.answer}
		text := e.Config()
		for _, w := range append(c.want, "listen 10.20.0.10:443 ssl", "listen [fd00:20:0:a::10]:443 ssl", "server_name "+FeedHost) {
			if !strings.Contains(text, w) {
				t.Errorf("%+v: no %q in\n%s", c.answer, w, text)
			}
		}
	}
	s := Edge{PoP: topology.PoP2, Tenant: topology.TenantSiblings, Dir: "/x"}
	if text := s.Config(); strings.Contains(text, FeedHost) || !strings.Contains(text, ShopHost) || !strings.Contains(text, "10.20.0.20") {
		t.Errorf("the siblings' edge:\n%s", text)
	}
}

// Name servers and resolvers take their configuration; their own programs check it.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	for _, state := range append(ZoneStates(), ZoneGood) {
		s := NameServer{Name: topology.NameOne, Addr: topology.NameAddrs[topology.NameOne], Dir: dir, Zone: state}
		zone := s.Files()[filepath.Join(dir, "n1.zone-feed.example")]
		has := strings.Contains(zone, "10.20.0.10") && strings.Contains(zone, "fd00:20:0:a::10")
		if has != (state == ZoneGood) || (zone == "") != (state == ZoneBroke) || (state == ZoneWrong) != strings.Contains(zone, nobody) {
			t.Errorf("state %q: %s", state, zone)
		}
		for path, text := range s.Files() {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(t, "nsd-checkconf", s.Config())
	}
	c, _ := topology.ClientNamed("de")
	for _, r := range []Resolver{{Client: c, Dir: dir}, {Client: c, Dir: dir, Lie: topology.OtherNameAddr}} {
		path := filepath.Join(dir, "unbound.conf")
		if err := os.WriteFile(path, []byte(r.Config()), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(r.Config(), "local-data") != r.Lie.IsValid() {
			t.Errorf("a resolver with the lie %v:\n%s", r.Lie, r.Config())
		}
		run(t, "unbound-checkconf", path)
	}
}

// run runs a program that checks a file, where there is one.
func run(t *testing.T, program, path string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Logf("%s is not installed: %s is not checked by it", program, filepath.Base(path))
		return
	}
	if b, err := exec.CommandContext(t.Context(), program, path).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", program, err, b)
	}
}
