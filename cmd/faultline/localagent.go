package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"faultline/internal/agent"
	"faultline/internal/httpd"
	"faultline/internal/intake"
)

// localTokenLife is long enough for the agent beside the hub to use its token.
const localTokenLife = 10 * time.Minute

// localParts are the agent in the hub's own process and, where the hub speaks TLS, a
// door for it: the hub's certificate is for the hub's name, and the agent would ask for
// this machine's.
func (w *world) localParts(ctx context.Context, addr net.Addr) ([]part, error) {
	if w.tls == nil {
		local, err := w.localAgent(addr)
		return []part{local}, err
	}
	door, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	local, err := w.localAgent(door.Addr())
	if err != nil {
		return nil, errors.Join(err, door.Close())
	}
	mux := http.NewServeMux()
	w.intake.Register(mux)
	return []part{{"door of the local agent", func(ctx context.Context) error {
		return httpd.Serve(ctx, door, httpd.Secure(mux))
	}}, local}, nil
}

// localAgent is one agent in the hub's own process. It speaks to the hub as every
// other does, so there is one way in.
func (w *world) localAgent(addr net.Addr) (part, error) {
	url, err := loopbackURL(addr)
	if err != nil {
		return part{}, err
	}
	cfg := agent.DefaultConfig()
	cfg.Hub, cfg.Data, cfg.Version = url, filepath.Join(w.dir.Path(), "agent"), version()
	cfg.Vantage = w.settings.localVantage()
	cfg.NewToken = func() (string, error) {
		return intake.NewToken(w.dir.Private(), w.clock.Now(), localTokenLife)
	}
	a, err := agent.Open(cfg, agent.Deps{Metrics: agent.NewMetrics(w.registry)})
	if err != nil {
		return part{}, fmt.Errorf("local agent: %w", err)
	}
	return part{"local agent", func(ctx context.Context) error {
		// People press and read whether or not this machine can measure.
		if err := errors.Join(a.Run(ctx), a.Close()); err != nil {
			slog.Error("the local agent has stopped; everything else goes on", "error", err)
		}
		return nil
	}}, nil
}

// loopbackURL is how a process reaches its own listener.
func loopbackURL(addr net.Addr) (string, error) {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return "", fmt.Errorf("local agent: the hub listens on %s, which has no port: %w", addr, err)
	}
	host := ap.Addr()
	switch {
	case host.IsUnspecified() && host.Is4():
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case host.IsUnspecified():
		host = netip.IPv6Loopback()
	case !host.Unmap().IsLoopback():
		return "", fmt.Errorf("local agent: the hub listens on %s alone, and agents speak in the clear on this machine only: listen on 0.0.0.0 or 127.0.0.1", host)
	}
	return "http://" + netip.AddrPortFrom(host, ap.Port()).String(), nil
}
