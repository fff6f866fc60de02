package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"faultline/internal/clock"
	"faultline/outage"
)

// Limits of posting.
const (
	// requestTimeout is how long the instance may take for one request.
	requestTimeout = time.Minute
	// requestBytes is when a request is sent although its time has not come; the
	// instance takes sixteen times as much.
	requestBytes = 1 << 20
	// replyBytes bounds what is read of an answer.
	replyBytes = 64 << 10
)

// Target is an instance that recorded reports are played into.
type Target struct {
	URL   string // of its pages
	Token string
	// Speed is how many times faster than recorded; 0 is as fast as it takes them.
	Speed float64
	Clock clock.Clock // that Speed is measured by
	HTTP  *http.Client
}

// wire is one line of a request.
type wire struct {
	Clock    *outage.Minute `json:"clock,omitempty"`
	Service  string         `json:"service,omitempty"`
	Category string         `json:"category,omitempty"`
	Country  string         `json:"country,omitempty"`
	Network  string         `json:"network,omitempty"`
	Reporter string         `json:"reporter,omitempty"`
	Weight   int            `json:"weight,omitempty"`
}

// Post plays a recording into an instance and returns the number of reports it
// took. The clock of the instance moves to the minute after the last one.
func Post(ctx context.Context, rec *Recording, t Target) (taken int, err error) {
	endpoint, err := url.JoinPath(t.URL, "/api/v1/replay")
	if err != nil || !strings.HasPrefix(endpoint, "http") {
		return 0, fmt.Errorf("replay into %q: write the address as http://host:port", t.URL)
	}
	p := &poster{Target: t, endpoint: endpoint, begun: t.Clock.Now()}
	for {
		r, err := rec.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p.taken, err
		}
		if err := p.add(ctx, &r); err != nil {
			return p.taken, err
		}
	}
	if p.minute == 0 {
		return 0, nil
	}
	if err := p.moveTo(ctx, p.minute+1); err != nil {
		return p.taken, err
	}
	return p.taken, p.send(ctx)
}

// poster is a replay on its way.
type poster struct {
	Target
	endpoint string
	begun    time.Time
	first    outage.Minute
	minute   outage.Minute // where the instance's clock stands; 0: not moved yet
	body     bytes.Buffer
	taken    int
}

// add puts a report into the request, after moving the clock to its minute.
func (p *poster) add(ctx context.Context, r *outage.Report) error {
	if p.minute == 0 {
		p.first = r.Minute
	}
	if r.Minute != p.minute {
		if err := p.moveTo(ctx, r.Minute); err != nil {
			return err
		}
	}
	if r.Weight == 0 {
		return nil // nobody reported, which the moving clock says too
	}
	l := wire{Service: r.Service, Category: r.Category, Country: r.Country, Network: r.Network, Reporter: r.Reporter}
	if r.Reporter == "" {
		l.Weight = r.Weight
	}
	if err := p.line(l); err != nil {
		return err
	}
	if p.body.Len() >= requestBytes {
		return p.send(ctx)
	}
	return nil
}

// moveTo ends the minutes before m: at their pace, one request a minute, so that
// the pages move with it.
func (p *poster) moveTo(ctx context.Context, m outage.Minute) error {
	if p.Speed > 0 && p.minute != 0 {
		for at := p.minute + 1; at < m; at++ { // quiet minutes pass too
			if err := p.step(ctx, at); err != nil {
				return err
			}
		}
		return p.step(ctx, m)
	}
	p.minute = m
	return p.line(wire{Clock: &m})
}

// step waits for a minute, sends what was before it and moves the clock there.
func (p *poster) step(ctx context.Context, m outage.Minute) error {
	if err := p.send(ctx); err != nil {
		return err
	}
	after := time.Duration(float64(m-p.first) * float64(time.Minute) / p.Speed)
	if err := p.Clock.WaitUntil(ctx, p.begun.Add(after)); err != nil {
		return err
	}
	p.minute = m
	return p.line(wire{Clock: &m})
}

func (p *poster) line(l wire) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode a report: %w", err)
	}
	p.body.Write(b) // a bytes.Buffer never fails
	p.body.WriteByte('\n')
	return nil
}

// send posts what has been collected.
func (p *poster) send(ctx context.Context) error {
	if p.body.Len() == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint, bytes.NewReader(p.body.Bytes()))
	if err != nil {
		return fmt.Errorf("replay into %s: %w", p.endpoint, err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+p.Token)
	res, err := p.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("replay into %s: %w: is faultline running there?", p.endpoint, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, replyBytes))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", p.endpoint, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(p.endpoint, res.StatusCode, body)
	}
	var ok struct {
		Reports int `json:"reports"`
	}
	if err := json.Unmarshal(body, &ok); err != nil {
		return fmt.Errorf("read the answer of %s: %w: is it a faultline?", p.endpoint, err)
	}
	p.taken += ok.Reports
	p.body.Reset()
	return nil
}

// refused says why an instance did not take the reports, in its own words.
func refused(endpoint string, status int, body []byte) error {
	var problem struct {
		Detail string `json:"detail"`
		Title  string `json:"title"`
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Detail+problem.Title == "" {
		return fmt.Errorf("replay into %s: it answered %d %s", endpoint, status, http.StatusText(status))
	}
	if problem.Detail == "" {
		problem.Detail = problem.Title
	}
	return fmt.Errorf("replay into %s: it answered %d: %s", endpoint, status, problem.Detail)
}
