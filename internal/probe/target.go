package probe

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"faultline/outage"
)

// Ports of the schemes that can be looked at.
var ports = map[string]int{"https": 443, "http": 80, "tls": 443, "tcp": 0}

// ParseTarget reads what a person names: a URL (https, http, tls or tcp), a host
// (looked at over https), or host:port (a bare connection).
func ParseTarget(text string) (outage.Target, error) {
	raw := text
	if !strings.Contains(raw, "://") {
		raw = bareScheme(raw) + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return outage.Target{}, fmt.Errorf("target %q: %w: use https://host/path, host or host:port", text, err)
	}
	port, known := ports[u.Scheme]
	host := u.Hostname()
	switch {
	case !known:
		return outage.Target{}, fmt.Errorf("target %q: scheme %s cannot be looked at: use https, http, tls or tcp", text, u.Scheme)
	case host == "" || strings.ContainsAny(host, " \t\n"):
		return outage.Target{}, fmt.Errorf("target %q has no host: use https://host/path, host or host:port", text)
	case u.User != nil:
		return outage.Target{}, fmt.Errorf("target %q holds a name or password: leave them out, records are published", text)
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return outage.Target{}, fmt.Errorf("target %q: port %s: use 1 to 65535", text, p)
		}
	}
	if port == 0 {
		return outage.Target{}, fmt.Errorf("target %q: a tcp target needs a port: use tcp://host:port", text)
	}
	if u.Path == "" && (u.Scheme == "https" || u.Scheme == "http") {
		u.Path = "/"
	}
	u.Fragment = ""
	return outage.Target{URL: u.String(), Host: strings.ToLower(host), Port: port}, nil
}

// bareScheme is what a target without a scheme means.
func bareScheme(text string) string {
	host, port, found := strings.Cut(text, ":")
	if _, err := netip.ParseAddr(text); err == nil && strings.Contains(text, ":") {
		return "https://" // an IPv6 address without brackets fails to parse later, with its text
	}
	if found && !strings.Contains(host, "/") && !strings.ContainsAny(port, "/:") && port != "443" && port != "80" {
		return "tcp://"
	}
	if found && port == "80" {
		return "http://"
	}
	return "https://"
}

// splitScheme is the scheme of a URL and what follows.
func splitScheme(raw string) (scheme, rest string) {
	scheme, rest, _ = strings.Cut(raw, "://")
	return scheme, rest
}

// at is a target at one address.
func at(t outage.Target, a netip.Addr) outage.Target {
	t.Address, t.Family = a.String(), 6
	if a.Is4() {
		t.Family = 4
	}
	return t
}
