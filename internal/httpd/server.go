package httpd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"faultline/internal/scrub"
)

// Limits of the server. A client that is slower than these is cut off, so that a
// crowd of stuck connections cannot keep others out.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 20 * time.Second
	writeTimeout      = time.Minute // from the request's end; a handler of long answers sets its own
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	shutdownTimeout   = 5 * time.Second // for requests under way at a clean stop
	// graceTimeout is how long their contexts live on: enough to ask the store, and
	// soon for live streams, which have no other end.
	graceTimeout = 500 * time.Millisecond
)

// quiet takes what the server says of itself. It names addresses of clients, which
// are kept nowhere, and broken handshakes are what every scanner leaves behind.
type quiet struct{}

// Write implements [io.Writer].
func (quiet) Write(line []byte) (int, error) {
	if !bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		slog.Warn("the HTTP server complains", "says", scrub.Addresses(scrub.Line(string(line), maxComplaint)))
	}
	return len(line), nil
}

// maxComplaint bounds one line of it: it may quote what a client sent.
const maxComplaint = 300

// Serve answers on a listener until the context ends, then lets requests under
// way finish. Server-sent events are long by nature: their handler moves the write
// deadline on with every event (http.ResponseController).
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	base, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: log.New(quiet{}, "", 0),
		BaseContext: func(net.Listener) context.Context { return base },
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace := time.AfterFunc(graceTimeout, endRequests)
	defer grace.Stop()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop HTTP on %s: %w", l.Addr(), err)
	}
	return srv.Close()
}
