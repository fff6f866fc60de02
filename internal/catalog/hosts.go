package catalog

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"faultline/outage"
)

// roles are what a host can be for.
func roles() []string { return []string{"web", "mobile", "api", "cdn", "mail", "login", "game"} }

// hosts reads host names: a bare name is a web host that nobody has verified.
func (r *reading) hosts(v ast.Node) []outage.Host {
	var list []outage.Host
	seen := map[string]bool{}
	for _, n := range r.list(v, "hosts", MaxHosts) {
		h, ok := r.host(n)
		if !ok {
			continue
		}
		if seen[h.Name] {
			r.wrong(n, "host %q appears twice: keep one", h.Name)
			continue
		}
		seen[h.Name] = true
		list = append(list, h)
	}
	return list
}

func (r *reading) host(n ast.Node) (outage.Host, bool) {
	h := outage.Host{Role: "web"}
	if n.Type() != ast.MappingType && n.Type() != ast.MappingValueType {
		name, ok := r.text(n, "a host")
		h.Name = name
		return h, ok && r.hostName(n, name)
	}
	f := r.fields(n, "a host", "name", "role", "verified")
	if f["name"] == nil {
		r.wrong(n, "a host has no name: write {name: api.example.com, role: api}")
		return h, false
	}
	name, ok := r.text(f["name"], "a host")
	if !ok || !r.hostName(f["name"], name) {
		return h, false
	}
	h.Name = name
	if v := f["role"]; v != nil {
		role, ok := r.text(v, "role")
		if ok && !slices.Contains(roles(), role) {
			r.wrong(v, "unknown role %q: use one of %s", role, strings.Join(roles(), ", "))
			return h, false
		}
		h.Role = role
	}
	if v := f["verified"]; v != nil {
		b, isBool := v.(*ast.BoolNode)
		if !isBool {
			r.wrong(v, "verified is %s: write true or false", strings.TrimSpace(v.String()))
			return h, false
		}
		h.Verified = b.Value
	}
	return h, true
}

func (r *reading) hostName(n ast.Node, name string) bool {
	fault := hostFault(name)
	if fault != "" {
		r.wrong(n, "host %q: %s", name, fault)
	}
	return fault == ""
}

// hostFault says what is wrong with a host name and how to mend it; "" if nothing.
func hostFault(name string) string {
	switch {
	case strings.Contains(name, "/"):
		return "write the name alone, without https:// and without a path"
	case strings.Contains(name, ":"):
		return "write the name alone, without a port"
	case strings.HasPrefix(name, "*"):
		return "name each host, there are no wildcards"
	case name != strings.ToLower(name):
		return "write it in lower case"
	case len(name) > 253:
		return "it is longer than the 253 characters that DNS allows"
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "write a name, not an address"
	}
	labels := strings.Split(name, ".")
	if len(labels) < 2 {
		return "write the full name with its domain, such as www.example.com"
	}
	for _, l := range labels {
		if !hostLabel(l) {
			return "a part between dots has 1 to 63 letters a-z, digits and inner hyphens; write other scripts in their xn-- form"
		}
	}
	return ""
}

// hostLabel checks one part of a host name; underscores appear in real ones.
func hostLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for _, c := range []byte(l) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
