package agentapi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// ParseHub reads the address of a hub. It refuses what would send measurements and
// keys in the clear over a network.
func ParseHub(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("hub %q: write its address, such as https://status.example", text)
	}
	switch u.Scheme {
	case "https":
		return u, nil
	case "http":
		a, err := netip.ParseAddr(u.Hostname())
		if u.Hostname() == "localhost" || err == nil && a.IsLoopback() {
			return u, nil
		}
		return nil, fmt.Errorf("hub %q: agents and operators do not speak in the clear over a network: use https", text)
	}
	return nil, fmt.Errorf("hub %q: use https, or http on this machine", text)
}

// Client speaks to a hub: it follows no redirect, and in the clear it goes nowhere but
// to this machine, without a proxy. A nil dial is the network.
func Client(base *url.URL, timeout time.Duration, dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 2,
	}
	if base.Scheme == "http" {
		transport.Proxy = nil
		dialer.Control = loopbackOnly
	}
	if dial != nil {
		transport.DialContext = dial
	}
	return &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// loopbackOnly keeps a name such as localhost from leading elsewhere in the clear.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().IsLoopback() {
		return fmt.Errorf("the hub's name leads to %s: agents and operators do not speak in the clear over a network: use https", address)
	}
	return nil
}
