package probe

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// exchange asks once over a connection in HTTP/1.1 and reads the answer as it comes.
// The library's transport does the same with three goroutines, a pool and a race
// against its own timers; that is most of what an attempt costs beside the handshake.
type exchange struct {
	conn net.Conn
	head int64 // bytes of an answer's head at most
}

// maxInterim is how many interim answers (1xx) may stand before the answer, as in the
// library.
const maxInterim = 5

// errHead ends an answer whose head is too long.
var errHead = errors.New("the head of the answer is too long")

// errInterim ends an answer that never comes to the point.
var errInterim = fmt.Errorf("malformed HTTP response: more than %d interim answers", maxInterim)

// readers and writers are used again: they are most of the memory of an exchange.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
)

// RoundTrip implements [http.RoundTripper]. The body must be closed before the
// connection is.
func (x exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	release := bind(req.Context(), x.conn)
	in := &headLimit{conn: x.conn, left: x.head}
	r, _ := readers.Get().(*bufio.Reader) // New above makes nothing else
	r.Reset(in)
	body := &answerBody{reader: r, release: release}
	asked := req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && req.Method != http.MethodHead
	if asked {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	req.Close = true
	errWrite := x.write(req)
	res, err := readAnswer(r, req)
	if err != nil {
		_ = body.Close()
		return nil, roundTripError(req.Context(), in, err, errWrite)
	}
	in.left = math.MaxInt64
	body.body = res.Body
	if asked && res.Header.Get("Content-Encoding") == "gzip" {
		body.packed = true
		res.ContentLength, res.Uncompressed = -1, true
		res.Header.Del("Content-Encoding")
		res.Header.Del("Content-Length")
	}
	res.Body = body
	return res, nil
}

// bind makes a connection end with a context, and returns what undoes that.
func bind(ctx context.Context, conn net.Conn) (release func() bool) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // a connection without deadlines ends by what follows
	}
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// write sends the request. A server may answer before it has read all of it, so an
// error here counts only if there is no answer.
func (x exchange) write(req *http.Request) error {
	w, _ := writers.Get().(*bufio.Writer) // New above makes nothing else
	defer writers.Put(w)
	w.Reset(x.conn)
	if err := req.Write(w); err != nil {
		return err
	}
	return w.Flush()
}

// readAnswer reads heads until one is the answer's.
func readAnswer(r *bufio.Reader, req *http.Request) (*http.Response, error) {
	for range maxInterim + 1 {
		if _, err := r.Peek(1); err != nil {
			return nil, err
		}
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotFirstResponseByte != nil {
			trace.GotFirstResponseByte()
		}
		res, err := http.ReadResponse(r, req)
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, err
		}
	}
	return nil, errInterim
}

// roundTripError is the most telling of the errors of an exchange.
func roundTripError(ctx context.Context, in *headLimit, read, write error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case in.left <= 0:
		return errHead
	case write != nil && errors.Is(read, io.EOF):
		return write
	}
	return read
}

// headLimit reads a connection as far as a head may go.
type headLimit struct {
	conn net.Conn
	left int64
}

// Read implements [io.Reader].
func (l *headLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errHead
	}
	n, err := l.conn.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// answerBody is the body of an answer. Closing it reads no further: the connection is
// closed next, and the rest of an endless body is nobody's business.
type answerBody struct {
	body     io.Reader
	packed   bool // the body is gzip, because we asked for it
	unpacker *gzip.Reader
	reader   *bufio.Reader
	release  func() bool
}

// Read implements [io.Reader].
func (b *answerBody) Read(p []byte) (int, error) {
	if !b.packed {
		return b.body.Read(p)
	}
	if b.unpacker == nil {
		var err error
		if b.unpacker, err = gzip.NewReader(b.body); err != nil {
			return 0, err
		}
	}
	return b.unpacker.Read(p)
}

// Close implements [io.Closer].
func (b *answerBody) Close() error {
	b.release()
	if b.reader != nil {
		b.reader.Reset(nil)
		readers.Put(b.reader)
		b.reader = nil
	}
	return nil
}
