package httpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
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

// Serve answers on a listener until the context ends, then lets requests under
// way finish. Server-sent events are long by nature: their handler moves the write
// deadline on with every event (http.ResponseController).
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	base, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
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
