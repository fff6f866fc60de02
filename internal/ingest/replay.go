package ingest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"faultline/internal/geo"
	"faultline/internal/httpd"
	"faultline/outage"
)

// Driver moves a driven world's clock; see clock.Driven.
type Driver interface {
	MoveTo(t time.Time) bool
}

// Limits of a replay request; a longer recording is sent in several.
const (
	maxReplayBody = 16 << 20
	maxReplayLine = 4 << 10
)

// replayLine is one line of a replay request: either the clock moves to a
// minute, or a report is made at the minute where the clock stands.
type replayLine struct {
	Clock    *outage.Minute `json:"clock,omitempty"`
	Service  string         `json:"service,omitempty"`
	Category string         `json:"category,omitempty"`
	Country  string         `json:"country,omitempty"`
	Network  string         `json:"network,omitempty"`
	// Reporter tells people apart; it is hashed and passes the window. Without it
	// the line is a count of Weight distinct reporters (1 when absent).
	Reporter string `json:"reporter,omitempty"`
	Weight   int    `json:"weight,omitempty"`
}

// replay plays recorded reports into a driven world.
func (in *Ingest) replay(w http.ResponseWriter, r *http.Request) {
	if !in.Driven || in.ReplayToken == "" || in.Driver == nil {
		httpd.WriteProblem(w, http.StatusForbidden, "this instance runs on real time and takes no recorded reports: start one with --simulated-clock and a replay token")
		return
	}
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), []byte(in.ReplayToken)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		httpd.WriteProblem(w, http.StatusUnauthorized, "the replay token is missing or wrong: send it as Authorization: Bearer …")
		return
	}
	// Whoever has the token may take long: the folds decide how fast a recording goes.
	// A writer that knows no deadlines has none that could be in the way.
	ctl := http.NewResponseController(w)
	_, _ = ctl.SetReadDeadline(time.Time{}), ctl.SetWriteDeadline(time.Time{})
	taken, err := in.replayLines(r.Context(), http.MaxBytesReader(w, r.Body, maxReplayBody))
	if err != nil {
		status, detail := explainReplay(err)
		httpd.WriteProblem(w, status, fmt.Sprintf("after %d reports: %s", taken, detail))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]int{"reports": taken}) // the client may have gone; the reports are saved
}

func explainReplay(err error) (int, string) {
	var bad *badPress
	switch {
	case errors.As(err, &bad):
		return bad.status, bad.detail
	case tooLarge(err), errors.Is(err, bufio.ErrTooLong):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("%v: send at most %d bytes a request and %d a line", err, maxReplayBody, maxReplayLine)
	}
	return http.StatusServiceUnavailable, err.Error()
}

func (in *Ingest) replayLines(ctx context.Context, body io.Reader) (taken int, err error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, maxReplayLine), maxReplayLine)
	var held []*job // of the minute where the clock stands
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		l, err := decodeReplayLine(lines.Bytes())
		if err != nil {
			return taken, &badPress{http.StatusBadRequest, fmt.Sprintf("line %d: %v", n, err)}
		}
		if l.Clock == nil {
			j, err := in.replayJob(l)
			if err != nil {
				return taken, &badPress{http.StatusUnprocessableEntity, fmt.Sprintf("line %d: %v", n, err)}
			}
			held = append(held, j)
			continue
		}
		if err := in.enqueue(ctx, held); err != nil {
			return taken, err
		}
		taken, held = taken+len(held), held[:0]
		if !in.Driver.MoveTo(l.Clock.Time()) {
			return taken, &badPress{http.StatusConflict, fmt.Sprintf("line %d: the clock cannot go back to %s: sort the recording by time", n, *l.Clock)}
		}
	}
	if err := lines.Err(); err != nil {
		return taken, fmt.Errorf("read the recording: %w", err)
	}
	// The mark makes the answer mean that the clock's last move is saved as well.
	if err := in.enqueue(ctx, append(held, &job{mark: true})); err != nil {
		return taken, err
	}
	return taken + len(held), nil
}

func decodeReplayLine(line []byte) (replayLine, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var l replayLine
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf(`%w: send {"clock":"2025-03-10T09:30Z"} or {"service":"…","category":"…"}`, err)
	}
	if (l.Clock == nil) == (l.Service == "") {
		return l, errors.New(`a line has either "clock" or "service"`)
	}
	if l.Weight < 0 || (l.Reporter != "" && l.Weight > 1) {
		return l, fmt.Errorf("weight %d: a count is at least 1, and one reporter has weight 1", l.Weight)
	}
	return l, nil
}

func (in *Ingest) replayJob(l replayLine) (*job, error) {
	service, ok := in.Services.Get(l.Service)
	if !ok {
		return nil, fmt.Errorf("service %q is not in the catalog", l.Service)
	}
	if l.Category != "" && !service.HasCategory(l.Category) {
		return nil, fmt.Errorf("category %q is not one of %s", l.Category, strings.Join(service.Categories, ", "))
	}
	if l.Country != "" && geo.CountryName(l.Country) == "" {
		return nil, fmt.Errorf("country %q is not an ISO 3166-1 code", l.Country)
	}
	j := &job{imported: l.Reporter == "", recorded: true, report: outage.Report{
		Service: l.Service, Category: l.Category, Country: l.Country, Network: l.Network,
		Weight: max(l.Weight, 1), Source: outage.SourceImport,
	}}
	if l.Reporter != "" {
		sum := sha256.Sum256([]byte(l.Service + "\x00" + l.Reporter))
		copy(j.key[:], sum[:])
	}
	return j, nil
}
