package stand

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"faultline/lab/topology"
)

// Certificates that an edge may show for our service.
const (
	CertGood    = "feed"
	CertExpired = "feed-expired"
	CertName    = "feed-name" // made out to another name
	CertAlone   = "feed-alone"
)

// Edge is how one edge host serves one tenant.
type Edge struct {
	PoP    string
	Tenant string // topology.TenantFeed or topology.TenantSiblings
	Dir    string // of certificates and temporary files
	Cert   string // for our service
	Answer Answer
	// Addrs replace those of the PoP, for a host that pretends to be one.
	Addrs []netip.Addr
}

// Answer is what an edge does instead of passing a request on. Its zero value passes
// all of them.
type Answer struct {
	Kind    string // see AnswerKinds; empty: none
	Status  int    // of kind status
	Paths   []string
	Mobile  bool // only what phones ask for
	From    []netip.Prefix
	Percent int // of requests; 0: all
	// PerSecond is what each client network may ask for, of kind limit.
	PerSecond int
}

// Kinds of answers.
const (
	AnswerStatus    = "status"    // a status, at once
	AnswerDead      = "dead"      // passed on to where nobody listens: 502
	AnswerLoop      = "loop"      // a redirect to itself
	AnswerChallenge = "challenge" // a page that programs do not pass
	AnswerBlock     = "block"     // a page that refuses
	AnswerLimit     = "limit"     // 429 beyond a rate
)

// AnswerKinds lists them.
func AnswerKinds() []string {
	return []string{AnswerStatus, AnswerDead, AnswerLoop, AnswerChallenge, AnswerBlock, AnswerLimit}
}

// edgeConnections is what one edge process holds, half of it towards the origin.
const edgeConnections = 768

// Name of the edge's process.
func (e *Edge) Name() string { return "edge-" + e.PoP + "-" + e.Tenant }

// Config is the edge's nginx.conf.
func (e *Edge) Config() string {
	var b strings.Builder
	name := filepath.Join(e.Dir, e.Name())
	fmt.Fprintf(&b, `daemon off;
worker_processes 1;
pid %[1]s.pid;
error_log stderr warn;
events { worker_connections %[2]d; }
http {
	access_log off;
	server_tokens off;
	keepalive_timeout 20s;
	client_body_temp_path %[1]s-body;
	proxy_temp_path %[1]s-proxy;
	fastcgi_temp_path %[1]s-fastcgi;
	uwsgi_temp_path %[1]s-uwsgi;
	scgi_temp_path %[1]s-scgi;
	ssl_session_cache shared:sessions:1m;
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	proxy_set_header Host $host;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_connect_timeout 3s;
	proxy_read_timeout 8s;
	proxy_ignore_client_abort on; # who has gone is worked for, as by most services
	upstream feed { server %[3]s:8080; keepalive 32; }
	upstream siblings { server %[4]s:8080; keepalive 8; }
	upstream dead { server %[3]s:9; }
	limit_req_zone $fault_key zone=clients:1m rate=%[5]dr/s;
`, name, edgeConnections, topology.OriginAddr, topology.SiblingsAddr, max(1, e.Answer.PerSecond))
	e.Answer.conditions(&b)
	if e.Tenant == topology.TenantFeed {
		e.server(&b, e.addrs(), []string{FeedHost}, e.Cert, "feed")
	} else {
		e.server(&b, e.addrs(), Siblings(), "siblings", "siblings")
	}
	b.WriteString("}\n")
	return b.String()
}

func (e *Edge) addrs() []netip.Addr {
	switch {
	case len(e.Addrs) > 0:
		return e.Addrs
	case e.Tenant == topology.TenantFeed:
		return topology.FeedAddrs
	}
	return topology.SiblingAddrs
}

// conditions sets $fault for the requests that the answer is for.
func (a *Answer) conditions(b *strings.Builder) {
	if a.Kind == "" {
		b.WriteString("\tmap $uri $fault { default 0; }\n\tmap $fault $fault_key { default \"\"; }\n")
		return
	}
	from, path, phone := "default 1;", "default 1;", "default 1;"
	if len(a.From) > 0 {
		from = "default 0;"
		for _, p := range a.From {
			from += fmt.Sprintf(" %s 1;", p)
		}
	}
	if len(a.Paths) > 0 {
		path = "default 0;"
		for _, p := range a.Paths {
			path += fmt.Sprintf(" ~^%s 1;", p)
		}
	}
	if a.Mobile {
		phone = "default 0; \"?1\" 1;"
	}
	percent := a.Percent
	if percent <= 0 || percent >= 100 {
		percent = 100
	}
	share := "* 1;"
	if percent < 100 {
		share = fmt.Sprintf("%d%% 1; * 0;", percent)
	}
	fmt.Fprintf(b, `	geo $fault_from { %s }
	map $uri $fault_path { %s }
	map $http_sec_ch_ua_mobile $fault_phone { %s }
	split_clients $request_id $fault_share { %s }
	map "$fault_from$fault_path$fault_phone$fault_share" $fault { default 0; 1111 1; }
	map $fault $fault_key { default ""; 1 $binary_remote_addr; }
`, from, path, phone, share)
}

// server writes one server of the edge.
func (e *Edge) server(b *strings.Builder, addrs []netip.Addr, hosts []string, cert, upstream string) {
	b.WriteString("\tserver {\n")
	for _, a := range addrs {
		fmt.Fprintf(b, "\t\tlisten %s ssl http2 backlog=256;\n", netip.AddrPortFrom(a, 443))
	}
	fmt.Fprintf(b, "\t\tserver_name %s;\n\t\tssl_certificate %s.pem;\n\t\tssl_certificate_key %s.key;\n", strings.Join(hosts, " "), filepath.Join(e.Dir, cert), filepath.Join(e.Dir, cert))
	fmt.Fprintf(b, "\t\tadd_header X-Edge %s always;\n\t\tset $to %s;\n", e.PoP, upstream)
	b.WriteString(e.Answer.words())
	if e.Answer.Kind == AnswerLimit {
		fmt.Fprintf(b, "\t\tlimit_req zone=clients burst=%d nodelay;\n\t\tlimit_req_status 429;\n", max(2, 2*e.Answer.PerSecond))
	}
	b.WriteString("\t\tlocation / { proxy_pass http://$to; }\n\t}\n")
}

// Pages that an edge answers with. The words are those that such pages have.
const (
	challengePage = `<!doctype html><title>Just a moment...</title><p>Checking your browser before you go on.</p>`
	blockPage     = `<!doctype html><title>Access denied</title><p>Access denied. You have been blocked.</p>`
)

// words is what the server does with a request that the answer is for.
func (a *Answer) words() string {
	switch a.Kind {
	case AnswerStatus:
		return fmt.Sprintf("\t\tif ($fault) { return %d; }\n", a.Status)
	case AnswerDead:
		return "\t\tif ($fault) { set $to dead; }\n"
	case AnswerLoop:
		return "\t\tif ($fault) { return 302 https://$host$request_uri; }\n"
	case AnswerChallenge:
		return fmt.Sprintf("\t\tdefault_type text/html;\n\t\tset $stop $fault;\n\t\tif ($cookie_passed) { set $stop 0; }\n\t\tif ($stop) { return 403 '%s'; }\n", challengePage)
	case AnswerBlock:
		return fmt.Sprintf("\t\tdefault_type text/html;\n\t\tif ($fault) { return 403 '%s'; }\n", blockPage)
	}
	return ""
}
