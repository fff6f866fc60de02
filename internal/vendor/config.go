package vendor

import (
	"errors"
	"fmt"
	"time"
)

// Config is what an operator can say about status pages.
type Config struct {
	// Every is the time between two looks at a page, Troubled the time while it has
	// an open incident.
	Every, Troubled time.Duration
	// Contact is an address or a page where whoever runs a status page finds whoever
	// asks it; it goes into the user agent.
	Contact string
	// Only are the services whose pages are read; none: all that name one.
	Only []string
	// Private allows pages at addresses that are not public, and plain HTTP; for
	// tests and pages within a company.
	Private bool
}

// DefaultConfig asks every five minutes, and every two while there is trouble. It
// has no contact, and without one nothing is asked.
func DefaultConfig() Config {
	return Config{Every: 5 * time.Minute, Troubled: 2 * time.Minute}
}

// Bounds of one look. Who is cut: a page that is slower or larger than a person
// would wait for.
const (
	// leastEvery is how often a page is asked at most: it is somebody else's server,
	// and busiest when everybody asks it.
	leastEvery = time.Minute
	// requestTime is for one look, from the look-up of the name to the last byte.
	requestTime = 20 * time.Second
	// maxBody is the decoded size of a page; large vendors' feeds have some hundred
	// kilobytes.
	maxBody = 4 << 20
	// maxHead is the size of the head of an answer.
	maxHead = 64 << 10
	// maxRedirects that are followed.
	maxRedirects = 3
	// maxPages is how many different pages are followed; those of further services
	// are not read, and a metric says so.
	maxPages = 2000
	// concurrent is how many requests are under way at once.
	concurrent = 8
	// hostGap is the time between two requests to one host.
	hostGap = time.Second
	// maxBackoff is the longest pause after failures, and maxRetryAfter the longest
	// that a server is believed.
	maxBackoff    = time.Hour
	maxRetryAfter = 6 * time.Hour
	// jitter is the share of a pause by which it varies, so that pages are not asked
	// all at once.
	jitter = 0.2
	// refresh is how often the catalog is looked at for pages that came or went.
	refresh = time.Minute
)

// Bounds of what is kept of a page.
const (
	maxIncidents = 32  // of one word
	maxItems     = 400 // of one page that are looked at
	maxTitle     = 200 // bytes of a title or a description
)

// Validate says what is wrong and what to do.
func (c *Config) Validate() error {
	var errs []error
	if c.Every < leastEvery || c.Troubled < leastEvery {
		errs = append(errs, fmt.Errorf("status pages every %s and %s: ask every %s at most", c.Every, c.Troubled, leastEvery))
	}
	if c.Contact == "" {
		errs = append(errs, errors.New("status pages are asked under an honest name only: set contact to an address or a page where you can be found"))
	}
	return errors.Join(errs...)
}
