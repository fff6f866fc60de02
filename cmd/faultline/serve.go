package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"faultline/internal/clock"
	"faultline/internal/httpd"
	"faultline/internal/incident"
	"faultline/internal/knowledge"
	"faultline/internal/web"
	"faultline/outage"
)

// serveCmd runs one Faultline in one process.
type serveCmd struct {
	settings `embed:""`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(s.err, nil)))
	var time clock.Clock = clock.Real{}
	var notice *web.Notice
	if c.SimulatedClock {
		time = clock.NewDriven(epoch)
		notice = &web.Notice{Text: "A recording is played here: nothing on these pages is happening now."}
	}
	w, err := openWorld(ctx, c.settings, time)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return errors.Join(err, w.close())
	}
	var more []part
	if c.LocalAgent {
		if more, err = w.localParts(ctx, l.Addr()); err != nil {
			return errors.Join(err, l.Close(), w.close())
		}
	}
	scheme := "http"
	if w.tls != nil {
		l, scheme = w.tls.Listen(l), "https"
	}
	fmt.Fprintf(s.out, "Faultline answers on %s://%s\n", scheme, l.Addr())
	return errors.Join(w.run(ctx, l, w.pages(notice), more...), w.close())
}

// epoch is where a simulated clock stands before its first move.
var epoch = time.Unix(0, 0).UTC()

func listen(ctx context.Context, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil { // an empty one would listen to everybody
		return nil, fmt.Errorf("listen on %q: write an address and a port such as 127.0.0.1:8080", addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: choose another address with --listen", addr, err)
	}
	return l, nil
}

// part is a named thing that blocks until its context ends.
type part struct {
	name string
	run  func(context.Context) error
}

// parts lists what runs, in flow order: facts go down the list.
func (w *world) parts(pages *web.Web) []part {
	list := []part{
		{"reload", w.reloadOnHangup},
		{"ingest", w.ingest.Run},
		{"intake", w.intake.Run},
	}
	if w.vendor != nil {
		list = append(list, part{"vendor", w.vendor.Run})
	}
	for _, f := range w.followers {
		list = append(list, part{f.Name, func(ctx context.Context) error { return f.Run(ctx, w.log) }})
	}
	return append(list,
		part{"project", w.project.Run},
		part{"retention", w.janitor.Run},
		part{"web", pages.Run},
	)
}

// run runs the parts and answers requests until the context ends or a part fails.
// Requests end first, so that nobody waits for a part that has gone.
func (w *world) run(ctx context.Context, l net.Listener, pages *web.Web, more ...part) error {
	h, err := w.handler(pages)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	living, stopParts := context.WithCancel(context.WithoutCancel(ctx))
	defer stopParts()
	group, running := errgroup.WithContext(living)
	for _, p := range append(w.parts(pages), more...) {
		group.Go(func() error {
			if err := p.run(running); err != nil {
				return fmt.Errorf("%s stopped: %w", p.name, err)
			}
			return nil
		})
	}
	context.AfterFunc(running, stopServing) // a part that fails ends the service
	select {
	case <-w.project.Known():
	case <-serving.Done():
	}
	served := httpd.Serve(serving, l, h)
	stopParts()
	return errors.Join(served, group.Wait())
}

// reloadOnHangup reads the catalog and the certificate again at SIGHUP, and keeps the
// old ones when the files have a mistake.
func (w *world) reloadOnHangup(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			if err := w.reload(ctx); err != nil {
				slog.Error("the catalog could not be reloaded", "error", err)
			}
			if w.tls != nil {
				if err := w.tls.Reload(); err != nil {
					slog.Error("the certificate could not be reloaded; the old one is shown", "error", err)
				}
			}
		}
	}
}

// handler is every address that is answered. Presses are small and many, so they
// pass by the compression.
func (w *world) handler(pages *web.Web) (http.Handler, error) {
	read := http.NewServeMux()
	w.api.Register(read)
	pages.Register(read)
	read.HandleFunc("GET /healthz", w.health)
	read.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{Registry: w.registry}))
	compressed, err := httpd.Compress(read)
	if err != nil {
		return nil, err
	}
	all := http.NewServeMux()
	w.ingest.Register(all)
	w.intake.Register(all)
	all.Handle("/", compressed)
	return httpd.Secure(all), nil
}

// maxLag is how far the pages may be behind the world, or its clock behind them,
// before it is not healthy.
const maxLag = 5 * outage.Minute(1)

// health says whether the line from the log to the pages is whole.
func (w *world) health(rw http.ResponseWriter, r *http.Request) {
	pulse, err := w.store.Pulse(r.Context())
	now := outage.MinuteOf(w.clock.Now())
	switch {
	case err != nil:
		httpd.WriteProblem(rw, http.StatusServiceUnavailable, "the query store does not answer: "+err.Error())
	case pulse.Closed != 0 && now-pulse.Closed > maxLag:
		httpd.WriteProblem(rw, http.StatusServiceUnavailable, fmt.Sprintf("the pages stand at %s and it is %s: a part is behind, see /metrics", pulse.Closed, now))
	case pulse.Closed-now > maxLag && !w.settings.SimulatedClock:
		httpd.WriteProblem(rw, http.StatusServiceUnavailable, fmt.Sprintf("the clock says %s and the log has minutes up to %s: no minute ends before the clock is there; "+
			"set it right, or if it is right begin with another data directory", now, pulse.Closed))
	default:
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(rw, "ok")
	}
}

// pages puts the web part together.
func (w *world) pages(notice *web.Notice) *web.Web {
	cfg := web.DefaultConfig()
	cfg.Notice, cfg.SeverityRule, cfg.Contact = notice, incident.SeverityRule, w.intake.Contact
	return web.New(cfg, web.Deps{
		Store: w.store, Clock: w.clock, Metric: w.registry, Look: looks(),
	})
}

// looks finds in the newest knowledge table what to look at for a sign. The table is
// read when a page asks for the first time.
func looks() func(sign string) string {
	table := sync.OnceValue(func() *knowledge.Table {
		t, err := knowledge.Open(knowledge.Current)
		if err != nil { // a test holds that every table inside the program can be read
			slog.Error("a knowledge table cannot be read", "error", err)
		}
		return t
	})
	return func(sign string) string {
		if t := table(); t != nil {
			if s := t.Sign(sign); s != nil {
				return s.Look
			}
		}
		return ""
	}
}
