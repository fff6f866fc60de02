package httpd

import (
	"net/http"
	"net/netip"
	"strings"
)

// maxHops bounds how far back a forwarding header is believed: longer chains of
// trusted proxies do not exist, and a hostile header could hold thousands.
const maxHops = 10

// ClientAddr is the address a request came from. X-Forwarded-For is believed only
// as far as it was written by trusted hops: it is walked from its end, and the
// first address that is not trusted is the client. The zero address is returned
// when the connection's own address cannot be read.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	conn, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := conn.Addr().Unmap().WithZone("")
	if len(trusted) == 0 || !within(addr, trusted) {
		return addr
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0 && i >= len(chain)-maxHops; i-- {
		hop, err := parseHop(strings.TrimSpace(chain[i]))
		if err != nil {
			return addr // what stands before an unreadable hop cannot be trusted
		}
		addr = hop.Unmap().WithZone("")
		if !within(addr, trusted) {
			return addr
		}
	}
	return addr
}

// parseHop reads an entry of the chain; some proxies add the client's port.
func parseHop(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr(), nil
	}
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
