// Package cache keeps rendered pages, so that a crowd of readers costs little.
//
// It reads nothing and writes nothing but memory. A page is kept under a key
// with a stamp of what it was made from; another stamp makes it anew, once,
// however many ask. Limits: the number of pages; it knows nothing of time.
package cache

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Part is a piece of a page that may be replaced while it is shown.
type Part struct {
	Name string
	HTML string
	Hash uint64
}

// NewPart computes the hash of a part.
func NewPart(name, html string) Part {
	h := fnv.New64a()
	h.Write([]byte(html))
	return Part{name, html, h.Sum64()}
}

// Page is a rendered page. It is not changed after it was made.
type Page struct {
	Stamp string
	Body  []byte
	Parts []Part
	etag  string
	zip   func() []byte
}

// NewPage wraps a rendered body and its parts.
func NewPage(stamp string, body []byte, parts []Part) *Page {
	h := fnv.New64a()
	h.Write(body)
	p := &Page{Stamp: stamp, Body: body, Parts: parts, etag: fmt.Sprintf(`W/"%x"`, h.Sum64())}
	p.zip = sync.OnceValue(func() []byte { return zip(body) })
	return p
}

func zip(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	// Writes to a buffer do not fail.
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Bytes()
}

// Serve answers a request with the page: 304 when the reader has it already,
// compressed when the reader takes that. Compression is done once for all.
func (p *Page) Serve(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("ETag", p.etag)
	h.Set("Vary", "Accept-Encoding")
	if status == http.StatusOK && strings.Contains(r.Header.Get("If-None-Match"), p.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.Body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = p.zip()
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// A reader who has left is no failure of ours.
		_, _ = w.Write(body)
	}
}

// makeTimeout bounds the making of one page. It does not end with the request
// that started it, for others wait for the same page.
const makeTimeout = 10 * time.Second

// Cache keeps the last version of up to Limit pages.
type Cache struct {
	limit int
	mu    sync.Mutex
	pages map[string]*Page
	one   singleflight.Group
}

// New makes a cache for limit pages. Beyond it an arbitrary page is forgotten
// and made again when somebody asks: the readers of rare pages wait a little.
func New(limit int) *Cache {
	return &Cache{limit: limit, pages: make(map[string]*Page)}
}

// Get returns the page under key made from stamp, making it if need be. Failures
// are not kept.
func (c *Cache) Get(ctx context.Context, key, stamp string, render func(context.Context) (*Page, error)) (*Page, error) {
	if p := c.have(key, stamp); p != nil {
		return p, nil
	}
	v, err, _ := c.one.Do(key+"\x00"+stamp, func() (any, error) {
		if p := c.have(key, stamp); p != nil {
			return p, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeTimeout)
		defer cancel()
		p, err := render(ctx)
		if err != nil {
			return nil, err
		}
		c.put(key, p)
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*Page), nil
}

// Len is the number of pages kept.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pages)
}

func (c *Cache) have(key, stamp string) *Page {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.pages[key]; p != nil && p.Stamp == stamp {
		return p
	}
	return nil
}

func (c *Cache) put(key string, p *Page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pages[key]; !ok && len(c.pages) >= c.limit {
		for other := range c.pages {
			delete(c.pages, other)
			break
		}
	}
	c.pages[key] = p
}
