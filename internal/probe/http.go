package probe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"faultline/internal/scrub"
	"faultline/outage"
)

// ask is what is asked of a server beyond its address. The zero value asks for
// the page as a desktop browser would.
type ask struct {
	method string
	header http.Header
	body   string
	jar    http.CookieJar // nil: no cookies
}

// roundTrip asks once over a connection that is already there, so that it goes to
// the address that is being measured and nowhere else. It returns the body.
func (p *Prober) roundTrip(ctx context.Context, w watch, transport http.RoundTripper, m *outage.Measurement, a *ask) []byte {
	ctx, cancel := context.WithTimeout(ctx, p.limits.Answer)
	defer cancel()
	h := &outage.HTTP{Span: outage.Span{T0: w.now()}, Method: cmp.Or(a.method, http.MethodGet)}
	m.HTTP = h
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() { h.FirstByte = w.now() - h.T0 }}
	req, err := p.newRequest(httptrace.WithClientTrace(ctx, trace), h.Method, m.Target.URL, a)
	if err != nil {
		h.T, h.Failure = w.now(), outage.FailureHTTPRequest
		fail(m, outage.LayerHTTP, outage.OperationRoundTrip, h.Failure)
		return nil
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		h.T, h.Failure = w.now(), roundTripFailure(err)
		fail(m, outage.LayerHTTP, outage.OperationRoundTrip, h.Failure)
		return nil
	}
	defer res.Body.Close()
	if a.jar != nil {
		a.jar.SetCookies(req.URL, res.Cookies())
	}
	head(h, res)
	body, size, err := p.read(res.Body)
	h.T, h.BodyBytes = w.now(), size
	if size > 0 {
		sum := sha256.Sum256(body)
		h.BodySHA256 = hex.EncodeToString(sum[:])
	}
	h.Title = titleOf(body)
	h.BodyClass = classify(res, body, h.Title)
	h.Failure = answerFailure(h, res, err)
	fail(m, outage.LayerHTTP, outage.OperationRoundTrip, h.Failure)
	return body
}

// newRequest says who asks, and what a browser would say.
func (p *Prober) newRequest(ctx context.Context, method, url string, a *ask) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", p.agent)
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")
	for name, values := range a.header {
		req.Header[name] = values
	}
	if a.jar != nil {
		for _, c := range a.jar.Cookies(req.URL) {
			req.AddCookie(c)
		}
	}
	return req, nil
}

// transport asks over the given connection, once, and dials no other: HTTP/2 if that
// is what the handshake has agreed on, and else HTTP/1.1.
func (p *Prober) transport(conn net.Conn) (t http.RoundTripper, done func()) {
	secured, ok := conn.(*tls.Conn)
	if !ok || secured.ConnectionState().NegotiatedProtocol != "h2" {
		return exchange{conn, p.limits.Head}, func() {}
	}
	var used atomic.Bool
	two := &http.Transport{
		MaxResponseHeaderBytes: p.limits.Head, MaxIdleConnsPerHost: -1,
		DisableKeepAlives: true, ForceAttemptHTTP2: true, DialContext: refuse,
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errOneConnection
			}
			return conn, nil
		},
	}
	return once{two, secured}, two.CloseIdleConnections
}

// once asks over one connection and says what ended it, where the transport has only
// words of its own for an answer that did not come.
type once struct {
	*http.Transport
	conn *tls.Conn
}

// RoundTrip implements [http.RoundTripper].
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := o.Transport.RoundTrip(r)
	if below, ok := o.conn.NetConn().(*metered); ok && err != nil && !failureOf(err).Closed() {
		return nil, fmt.Errorf("%w; the connection: %w", err, below.why())
	}
	return res, err
}

// errOneConnection is what a transport gets that wants to try again: a retry is
// another attempt, and nobody hides one here.
var errOneConnection = errors.New("one attempt has one connection")

func refuse(context.Context, string, string) (net.Conn, error) { return nil, errOneConnection }

// read takes a body up to the limit and says how long it was. More than the limit
// is no error: what is needed of a page stands at its beginning.
func (p *Prober) read(r io.Reader) (body []byte, size int64, err error) {
	body, err = io.ReadAll(io.LimitReader(r, p.limits.Body))
	return body, int64(len(body)), err
}

// head keeps what the head of an answer says.
func head(h *outage.HTTP, res *http.Response) {
	get := func(name string) string { return cut(res.Header.Get(name)) }
	h.Proto, h.Status, h.Server = res.Proto, res.StatusCode, get("Server")
	h.Location, h.RetryAfter = get("Location"), get("Retry-After")
	h.Provider, h.Edge, h.Cache = provider(res.Header)
}

// cut keeps the beginning of a text from outside, on one line.
func cut(s string) string { return scrub.Line(s, maxText) }

// roundTripFailure finds the word for a request that brought no answer.
func roundTripFailure(err error) outage.Failure {
	if text := err.Error(); errors.Is(err, errHead) || strings.Contains(text, "exceeded MaxResponseHeaderBytes") || strings.Contains(text, "server response headers exceeded") {
		return outage.FailureTooLarge
	}
	f := failureOf(err)
	if strings.HasPrefix(string(f), "unknown") && strings.Contains(err.Error(), "malformed") {
		return outage.FailureHTTPRequest
	}
	return f
}

// answerFailure says what is wrong with an answer; a redirect is not.
func answerFailure(h *outage.HTTP, res *http.Response, read error) outage.Failure {
	switch {
	case h.BodyClass == outage.BodyChallenge:
		return outage.FailureChallenge
	case h.BodyClass == outage.BodyQueue:
		return outage.FailureQueuePage
	case h.BodyClass == outage.BodyBlockPage:
		return outage.FailureBlockPage
	case h.Status >= 520 && h.Status <= 530 && h.Provider == providerCloudflare:
		return outage.FailureEdgeOrigin
	case h.Status >= 500:
		return outage.FailureHTTP5xx
	case h.Status == http.StatusTooManyRequests:
		return outage.FailureHTTP429
	case h.Status == http.StatusForbidden:
		return outage.FailureHTTP403
	case h.Status >= 400:
		return outage.FailureHTTPStatus
	case errors.Is(read, io.ErrUnexpectedEOF), read != nil && res.ContentLength > h.BodyBytes:
		return outage.FailureTruncatedBody
	}
	return failureOf(read)
}
