package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Limits of what is kept. When they are reached, answers are made anew, which
// costs each reader some milliseconds.
const (
	cacheAnswers = 512
	cacheBytes   = 8 << 20
	// answerTimeout bounds the making of an answer.
	answerTimeout = 10 * time.Second
)

// cache keeps answers for one version of the store.
type cache struct {
	metrics *metrics
	flight  singleflight.Group
	life    string // tells versions of this process from those of others

	mu      sync.Mutex
	version uint64
	size    int
	answers map[string]*answer
}

// answer is a response that was made.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header, Write and WriteHeader implement [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// Write keeps the body.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

func newCache(m *metrics) *cache {
	return &cache{metrics: m, life: strings.ToLower(rand.Text()[:8]), answers: map[string]*answer{}}
}

func (c *cache) get(version uint64, key string) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != version {
		return nil
	}
	return c.answers[key]
}

func (c *cache) put(version uint64, key string, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version < c.version {
		return
	}
	if version > c.version || len(c.answers) >= cacheAnswers || c.size+a.body.Len() > cacheBytes {
		clear(c.answers)
		c.version, c.size = version, 0
	}
	c.answers[key] = a
	c.size += a.body.Len()
}

// etag names a version of the store in this life of the process. It is weak, for
// compression changes the bytes.
func (c *cache) etag(version uint64) string {
	return `W/"` + c.life + "-" + strconv.FormatUint(version, 36) + `"`
}

// answer gives the answer for the store as it is now.
func (a *API) answer(w http.ResponseWriter, r *http.Request, pattern string) {
	pulse, err := a.store.Pulse(r.Context())
	if err != nil {
		a.fail(w, pattern, http.StatusServiceUnavailable, problem(r.Context(), err).Error())
		return
	}
	tag := a.cache.etag(pulse.Version)
	if matches(r.Header.Get("If-None-Match"), tag) {
		a.cacheHeaders(w, tag)
		a.metrics.answered(pattern, http.StatusNotModified)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	key := r.URL.Path + "?" + r.URL.RawQuery
	got := a.cache.get(pulse.Version, key)
	if got == nil {
		got = a.make(r, pulse.Version, key)
	} else {
		a.metrics.hits.Inc()
	}
	a.metrics.answered(pattern, got.status)
	for name, values := range got.header {
		w.Header()[name] = values
	}
	if got.status == http.StatusOK {
		a.cacheHeaders(w, tag)
	} else {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.WriteHeader(got.status)
	_, _ = w.Write(got.body.Bytes()) // the client may have gone; there is nobody to tell
}

// make makes an answer; those who ask the same at the same time share it. It does
// not end with the first of them who goes away.
func (a *API) make(r *http.Request, version uint64, key string) *answer {
	made, _, _ := a.cache.flight.Do(fmt.Sprint(version, key), func() (any, error) { // it has no error
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerTimeout)
		defer cancel()
		get := r.Clone(ctx)
		get.Method = http.MethodGet
		get.Header = http.Header{"Accept": {"application/json"}}
		out := &answer{status: http.StatusOK, header: http.Header{}}
		a.mux.ServeHTTP(out, get)
		out.header.Del("Link")
		if out.status == http.StatusOK {
			a.cache.put(version, key, out)
		}
		return out, nil
	})
	return made.(*answer)
}

func (a *API) cacheHeaders(w http.ResponseWriter, tag string) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(a.cfg.MaxAge.Seconds())))
}

// matches says whether an If-None-Match names the tag.
func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		t = strings.TrimSpace(t)
		if t == "*" || strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
			return t != ""
		}
	}
	return false
}
