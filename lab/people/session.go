package people

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// How people wait. Slow is when they begin to complain, patience when they give up.
const (
	slow     = 3 * time.Second
	patience = 8 * time.Second
	// pressShare of those who have given up press the button; slowShare of those whose
	// page came late. Outside it is one in thousands: a person here stands for many.
	pressShare = 0.6
	slowShare  = 0.12
	// phones is the share of people who use the app.
	phones = 0.45
	// retries of people; badly written clients wait for badPatience only, and ask again
	// at once.
	retries, badRetries = 1, 8
	badPatience         = 1500 * time.Millisecond
	maxPage             = 256 << 10
	pagesOfSession      = 5
)

// session is one person's visit.
type session struct {
	c      *Country
	client *http.Client
	phone  bool
	site   Site
	bad    bool
	from   string
}

// session begins the next person's visit, on a connection of their own.
func (c *Country) session() *session {
	jar, _ := cookiejar.New(nil) // never fails without options
	o, wait := c.current(), patience
	if o.Retry {
		wait = badPatience
	}
	dialer := &net.Dialer{Timeout: wait, FallbackDelay: 300 * time.Millisecond}
	return &session{
		c: c, phone: c.chance(phones), site: c.pick(), bad: o.Retry, from: o.Referrer,
		client: &http.Client{Jar: jar, Timeout: wait, Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: wait, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}},
	}
}

// run is the visit: what a person wants to see, page by page.
func (s *session) run(ctx context.Context) {
	if !s.site.Main {
		s.view(ctx, "", http.MethodGet, s.site.URL, nil)
		return
	}
	if s.c.chance(0.5) && !s.view(ctx, "", http.MethodGet, s.site.URL+"/", nil) {
		return
	}
	form := url.Values{"user": {"probe"}, "password": {"probe"}}
	if !s.c.think(ctx, 0.5) || !s.view(ctx, "login", http.MethodPost, s.site.URL+"/login", form) {
		return
	}
	for range pagesOfSession {
		if !s.c.think(ctx, 1) || !s.view(ctx, "feed", http.MethodGet, s.site.URL+"/feed", nil) {
			return
		}
		if s.c.chance(0.5) && (!s.c.think(ctx, 0.3) || !s.view(ctx, "media", http.MethodGet, s.site.URL+s.picture(), nil)) {
			return
		}
		if s.c.chance(0.05) && !s.view(ctx, "posting", http.MethodPost, s.site.URL+"/post", url.Values{"text": {"hello"}}) {
			return
		}
	}
}

// picture is one that the feed has shown.
func (s *session) picture() string {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return "/media/" + string(rune('1'+s.c.random.IntN(9)))
}

// view asks for a page as often as a person does. It is false when the person has
// given up, which a share of people says at the hub.
func (s *session) view(ctx context.Context, what, method, page string, form url.Values) bool {
	tries := 1 + retries
	if s.bad {
		tries = 1 + badRetries
	}
	for try := range tries {
		began := time.Now()
		err := s.ask(ctx, method, page, form)
		took := time.Since(began)
		if ctx.Err() != nil {
			return false
		}
		if err == nil && s.site.Main && s.phone && s.c.chance(float64(s.c.current().BrokenApp)/100) {
			err, try = errApp, tries
		}
		s.c.note(err, took)
		switch {
		case err == nil && took > slow:
			if s.c.chance(slowShare) {
				s.press(what, nil)
			}
			return true
		case err == nil:
			return true
		case try < tries-1 && !s.bad:
			if !s.c.think(ctx, 0.3) {
				return false
			}
			continue
		case try < tries-1:
			continue
		}
		if s.c.chance(pressShare) {
			s.press(what, err)
		}
		break
	}
	return false
}

// note keeps the diary.
func (c *Country) note(err error, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Pages++
	switch {
	case err != nil:
		c.sum.Failed++
	case took > slow:
		c.sum.Slow++
	}
}

// Errors that people tell apart.
var (
	errPage = errors.New("the page is an error")
	errApp  = errors.New("the app cannot show it")
)

// challenge is how a page that only browsers pass can be known.
var challenge = regexp.MustCompile(`(?i)checking your browser`)

// ask is one request. A person's browser passes a challenge.
func (s *session) ask(ctx context.Context, method, page string, form url.Values) error {
	for pass := false; ; pass = true {
		req, err := http.NewRequestWithContext(ctx, method, page, strings.NewReader(form.Encode()))
		if err != nil {
			return err
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		req.Header.Set("User-Agent", "Mozilla/5.0 (person of the lab)")
		if s.from != "" {
			req.Header.Set("Referer", s.from)
		}
		if s.phone {
			req.Header.Set("Sec-CH-UA-Mobile", "?1")
		}
		res, err := s.client.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
		res.Body.Close()
		switch {
		case err != nil:
			return err
		case res.StatusCode == http.StatusForbidden && !pass && challenge.Match(body):
			s.client.Jar.SetCookies(req.URL, []*http.Cookie{{Name: "passed", Value: "1", Path: "/"}})
			continue
		case res.StatusCode >= http.StatusBadRequest:
			return errPage
		}
		return nil
	}
}

// press is what a person says who has given up: of the service that failed, or of the
// wrong one.
func (s *session) press(what string, err error) {
	service := s.site.Service
	if !s.site.Main && s.c.chance(float64(s.c.current().Confused)/100) {
		service = s.c.main()
	}
	switch {
	case errors.Is(err, errApp):
		what = "app"
	case err != nil && !errors.Is(err, errPage) && s.c.chance(0.5):
		what = "server-connection"
	case s.phone && s.c.chance(0.6):
		what = "app"
	}
	if !s.site.Main && what != "app" && what != "server-connection" {
		what = "website"
	}
	s.c.press(service, s.c.category(what))
}

// main is our service.
func (c *Country) main() string {
	for _, s := range c.cfg.Sites {
		if s.Main {
			return s.Service
		}
	}
	return c.cfg.Sites[0].Service
}

// category that a person chooses: what failed, or what such people say.
func (c *Country) category(what string) string {
	if what != "" && c.chance(0.8) {
		return what
	}
	if c.chance(0.5) {
		return "website"
	}
	return "app"
}
