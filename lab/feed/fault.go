package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// Fault is what is wrong with this build of the service. Its zero value: nothing.
type Fault struct {
	// Status answers requests that Paths, Mobile and Percent match.
	Status  int      `json:"status,omitempty"`
	Paths   []string `json:"paths,omitempty"` // prefixes; none: all
	Mobile  bool     `json:"mobile,omitempty"`
	Percent int      `json:"percent,omitempty"` // 0: all
	// LeakKB is kept by each request, and read again by every later one, until there
	// is no more room: the service gets slower and slower.
	LeakKB int `json:"leak_kb,omitempty"`
	// CrashAfter ends the process so many milliseconds after the fault, or its next
	// start, began.
	CrashAfter int `json:"crash_after,omitempty"`
}

// leakMost bounds what a leak keeps, in bytes; the machine has other labs.
const leakMost = 256 << 20

// leakStep is how long one request needs to read a megabyte of what has leaked; it is
// waited for, not computed, for the machine has other labs.
const leakStep = 15 * time.Millisecond

// control is the socket that faults come over.
func (a *App) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a.Set(f)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// Set replaces what is wrong. What had leaked is kept while the leak goes on.
func (a *App) Set(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault = f
	if f.LeakKB == 0 {
		a.leak, a.leakN = nil, 0
	}
	if f.CrashAfter > 0 {
		time.AfterFunc(time.Duration(f.CrashAfter)*time.Millisecond, func() { os.Exit(crashed) })
	}
}

// crashed is the exit code of a crash that was asked for.
const crashed = 139

// matches says whether a request meets the fault.
func (f *Fault) matches(r *http.Request) bool {
	if f.Mobile && !phone(r) {
		return false
	}
	if len(f.Paths) > 0 && !slices.ContainsFunc(f.Paths, func(p string) bool { return strings.HasPrefix(r.URL.Path, p) }) {
		return false
	}
	return f.Percent <= 0 || rand.IntN(100) < f.Percent
}

// broken puts the fault before the pages.
func (a *App) broken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		f := a.fault
		wait := a.grow()
		a.mu.Unlock()
		if wait > 0 {
			pause(r.Context(), wait)
		}
		if f.Status != 0 && f.matches(r) {
			write(w, f.Status, "<title>Feed</title>something went wrong")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// grow leaks for one request, and says how long it takes to walk over what has leaked.
func (a *App) grow() time.Duration {
	if a.fault.LeakKB == 0 {
		return 0
	}
	if a.leakN < leakMost {
		size := a.fault.LeakKB << 10
		a.leak, a.leakN = append(a.leak, make([]byte, size)), a.leakN+size
	}
	return time.Duration(float64(leakStep) * float64(a.leakN) / (1 << 20))
}

// Tell gives a fault to a running service over its socket.
func Tell(ctx context.Context, socket string, f Fault) error {
	body, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("tell the service its fault: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://feed/fault", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("tell the service its fault: %w", err)
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("tell the service its fault: %w: is it running?", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("tell the service its fault: it answers %s", res.Status)
	}
	return nil
}
