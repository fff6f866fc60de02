package stand

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"faultline/lab/topology"
)

// Plain is an nginx that serves small pages of its own: unrelated services, controls,
// and what siblings have behind the edge.
type Plain struct {
	Name  string
	Dir   string
	Sites []Site
	// Hub lets it end TLS for the hub.
	Hub bool
}

// Site is one small page.
type Site struct {
	Addr netip.Addr
	Port int
	TLS  bool
	Host string
}

// SiblingOrigins are the pages behind the siblings' edge.
func SiblingOrigins(dir string) *Plain {
	p := &Plain{Name: "siblings", Dir: dir}
	for _, h := range Siblings() {
		p.Sites = append(p.Sites, Site{topology.SiblingsAddr, 8080, false, h})
	}
	return p
}

// Elsewhere are the services and controls that have nothing to do with the edge.
func Elsewhere(space, dir string) *Plain {
	p := &Plain{Name: "elsewhere-" + space, Dir: dir}
	if space == topology.ElsewhereX {
		p.Sites = []Site{
			{topology.BankAddr, 443, true, BankHost}, {topology.NamesHomeAddr, 443, true, NamesHost}, {topology.ControlAddrs[0], 443, true, ControlOne}, {topology.Control6Addrs[0], 443, true, ControlOne},
		}
		return p
	}
	p.Sites = []Site{{topology.ControlAddrs[1], 443, true, ControlTwo}, {topology.Control6Addrs[1], 443, true, ControlTwo}, {topology.ControlAddrs[2], 80, false, "_"}}
	return p
}

// HubFront ends TLS for the hub.
func HubFront(dir string) *Plain { return &Plain{Name: "hub-front", Dir: dir, Hub: true} }

// PlainCert is the certificate of all plain pages and of the hub.
const PlainCert = "plain"

// PlainHosts are the names that it is made out to.
func PlainHosts() []string { return []string{BankHost, NamesHost, ControlOne, ControlTwo} }

// HubPort is where the hub's front listens; HubInner is the hub itself.
const (
	HubPort  = 8443
	HubInner = "127.0.0.1:8080"
)

// Config is its nginx.conf.
func (p *Plain) Config() string {
	var b strings.Builder
	name := filepath.Join(p.Dir, p.Name)
	fmt.Fprintf(&b, `daemon off;
worker_processes 1;
pid %[1]s.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
	access_log off;
	server_tokens off;
	client_body_temp_path %[1]s-body;
	proxy_temp_path %[1]s-proxy;
	fastcgi_temp_path %[1]s-fastcgi;
	uwsgi_temp_path %[1]s-uwsgi;
	scgi_temp_path %[1]s-scgi;
	default_type text/html;
	client_max_body_size 8m;
`, name)
	cert := fmt.Sprintf("\t\tssl_certificate %s.pem;\n\t\tssl_certificate_key %s.key;\n", filepath.Join(p.Dir, PlainCert), filepath.Join(p.Dir, PlainCert))
	for _, s := range p.Sites {
		word, keys := "", ""
		if s.TLS {
			word, keys = " ssl http2", cert
		}
		fmt.Fprintf(&b, "\tserver {\n\t\tlisten %s%s;\n\t\tserver_name %s;\n%s\t\tlocation / { return 200 '%s'; }\n\t}\n",
			netip.AddrPortFrom(s.Addr, uint16(s.Port)), word, s.Host, keys, page(s.Host))
	}
	if p.Hub {
		fmt.Fprintf(&b, "\tserver {\n\t\tlisten %s:%d ssl;\n%s\t\tlocation / { proxy_pass http://%s; proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $remote_addr; }\n\t}\n",
			topology.HubAddr, HubPort, cert, HubInner)
	}
	b.WriteString("}\n")
	return b.String()
}

// page is a small page of a site, with enough on it to be one.
func page(host string) string {
	return fmt.Sprintf("<!doctype html><title>%s</title><h1>%s</h1><p>%s</p>", host, host, strings.Repeat("All is well here. ", 12))
}
