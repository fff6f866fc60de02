package vendor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"faultline/internal/geo"
)

// Request is one look at a page, with what is known of it from the last one.
type Request struct {
	URL          string
	ETag         string
	LastModified string
}

// Answer is what came of a look.
type Answer struct {
	Body         []byte
	Unmodified   bool // the page is as it was at the last look; the body is empty
	ETag         string
	LastModified string
}

// Fetcher asks for a page. An error's text is published as the reason why a page
// is unknown: it names no address. A *Later says when to ask again.
type Fetcher interface {
	Fetch(ctx context.Context, r Request) (Answer, error)
}

// Later is a refusal that says for how long.
type Later struct {
	After  time.Duration
	Status int
}

// Error names the status.
func (l *Later) Error() string { return fmt.Sprintf("the page answers HTTP %d", l.Status) }

// client asks over HTTP.
type client struct {
	http  *http.Client
	agent string
}

// errPrivate is what an address gets that is not public.
var errPrivate = errors.New("the page is at an address that is not public")

// errRedirects is what a chain of redirects gets that leads on and on, or to
// something else than the web.
var errRedirects = errors.New("the page leads elsewhere more than " + strconv.Itoa(maxRedirects) + " times, or to no web page")

// newClient makes the fetcher that asks the real pages.
func newClient(cfg Config) *client {
	dialer := &net.Dialer{Timeout: requestTime}
	if !cfg.Private {
		dialer.Control = public
	}
	return &client{
		agent: "faultline/1 (outage observatory; " + cfg.Contact + ")",
		http: &http.Client{
			Timeout: requestTime,
			Transport: &http.Transport{
				DialContext: dialer.DialContext, MaxResponseHeaderBytes: maxHead, ForceAttemptHTTP2: true,
				TLSHandshakeTimeout: requestTime, DisableKeepAlives: true, // the next look is minutes away
			},
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if len(via) > maxRedirects || r.URL.Scheme != "https" && !cfg.Private {
					return errRedirects
				}
				return nil
			},
		},
	}
}

// public refuses connections to addresses that nobody on the internet has, at the
// moment of the connection, so that no name and no redirect leads there.
func public(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !geo.Public(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// Fetch implements [Fetcher].
func (c *client) Fetch(ctx context.Context, r Request) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return Answer{}, errors.New("the address of the page is not one of the web")
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5")
	if r.ETag != "" {
		req.Header.Set("If-None-Match", r.ETag)
	}
	if r.LastModified != "" {
		req.Header.Set("If-Modified-Since", r.LastModified)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, plainly(err)
	}
	defer res.Body.Close()
	return read(res)
}

// read takes an answer in.
func read(res *http.Response) (Answer, error) {
	switch {
	case res.StatusCode == http.StatusNotModified:
		return Answer{Unmodified: true}, nil
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable:
		return Answer{}, &Later{After: retryAfter(res.Header.Get("Retry-After")), Status: res.StatusCode}
	case res.StatusCode != http.StatusOK:
		return Answer{}, fmt.Errorf("the page answers HTTP %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return Answer{}, plainly(err)
	}
	if len(body) > maxBody {
		return Answer{}, fmt.Errorf("the page has more than %d bytes", maxBody)
	}
	const maxValidator = 512
	a := Answer{Body: body, ETag: res.Header.Get("ETag"), LastModified: res.Header.Get("Last-Modified")}
	if len(a.ETag) > maxValidator || len(a.LastModified) > maxValidator {
		a.ETag, a.LastModified = "", ""
	}
	return a, nil
}

// retryAfter reads how long to wait, in seconds; a date is too rare to be read.
func retryAfter(s string) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, maxRetryAfter)
}

// plainly says what went wrong without naming an address.
func plainly(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return errPrivate
	case errors.Is(err, errRedirects):
		return errRedirects
	case errors.As(err, &dns):
		return errors.New("the name of the page cannot be resolved")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("the page did not answer within %s", requestTime)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the page refuses the connection")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the page ends the connection in the middle")
	}
	return errors.New("the page cannot be fetched")
}

// hostOf is the host that a request goes to.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
