package imports

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"faultline/outage"
)

var upptimeColumns = []string{"repo", "commit", "ts", "site", "state", "http_code", "response_ms"}

func looksUpptime(head []byte) bool {
	return firstLine(head) == strings.Join(upptimeColumns, ",")
}

// upptime remembers, for each monitor, the snapshot that it is in.
type upptime struct {
	*source
	snapshots map[string]time.Time // by repository: the last row of its latest snapshot
}

// Snapshots: once a day, soon after 23:00 UTC, a monitor of upptime writes the
// state of all its sites in one go. A row of it says how a site was then, and
// nothing of when it became so.
const (
	snapshotHour = 23
	snapshotGap  = 2 * time.Minute // between two sites of one snapshot
	maxMonitors  = 10_000          // repositories in one file; more is another sort of file
)

// parseUpptime reads the changes of state that monitors of upptime commit. Every
// repository is a vantage point of unknown network; a status without an answer is 0.
func parseUpptime(s *source) error {
	t, err := newTable(s, upptimeColumns, upptimeColumns)
	if err != nil {
		return err
	}
	u := &upptime{source: s, snapshots: map[string]time.Time{}}
	return t.rows(u.row)
}

func (u *upptime) row(row map[string]string) error {
	at, err := parseTime(row["ts"])
	if err != nil {
		return fmt.Errorf("ts %q %w", clip(row["ts"]), err)
	}
	code, err := strconv.Atoi(row["http_code"])
	if err != nil || code != 0 && (code < 100 || code > 999) {
		return fmt.Errorf("http_code %q is no status: write 100 to 999, or 0 for no answer", clip(row["http_code"]))
	}
	took, err := strconv.ParseFloat(row["response_ms"], 64)
	if err != nil {
		return fmt.Errorf("response_ms %q is no number: write milliseconds", clip(row["response_ms"]))
	}
	if row["site"] == "" || row["repo"] == "" {
		return errors.New("repo or site is empty: every row names both")
	}
	m := &outage.Measurement{
		Agent: "upptime/" + text(row["repo"]), Origin: text(row["commit"]), Time: at, Depth: outage.DepthEdge,
		Target: outage.Target{Service: slug(row["site"])}, Vantage: outage.Vantage{Resolver: "system"},
	}
	if m.Kind, err = u.kind(row["repo"], at); err != nil {
		return err
	}
	if code != 0 {
		m.HTTP = &outage.HTTP{Span: outage.Span{T: millis(took)}, Method: "GET", Status: code}
	}
	if err := outcome(m, row["state"], code); err != nil {
		return err
	}
	u.give(m)
	return nil
}

// kind says whether a row is of the day's snapshot: the first rows of a repository
// after 23:00 that follow each other closely.
func (u *upptime) kind(repo string, at time.Time) (outage.Kind, error) {
	if at.Hour() != snapshotHour {
		return outage.KindChange, nil
	}
	last, ok := u.snapshots[repo]
	if !ok && len(u.snapshots) == maxMonitors {
		return "", fmt.Errorf("more than %d repositories: import the file in parts", maxMonitors)
	}
	today := ok && last.YearDay() == at.YearDay() && last.Year() == at.Year()
	if today && at.Sub(last) > snapshotGap {
		return outage.KindChange, nil
	}
	u.snapshots[repo] = at
	return outage.KindSnapshot, nil
}

// outcome takes over a state with the failure that its status means.
func outcome(m *outage.Measurement, state string, code int) error {
	var f outage.Failure
	layer := outage.LayerHTTP
	switch {
	case state == "up":
	case state == "degraded":
		f = outage.FailureSlow
	case state != "down":
		return fmt.Errorf("state %q is not known: it is up, degraded or down", clip(state))
	case code == 0:
		f, layer = outage.FailureHTTPRequest, "" // no answer came, and nobody says at which layer
	default:
		if f = statusFailure(code); f == "" {
			f = outage.FailureHTTPStatus
		}
	}
	if m.HTTP != nil {
		m.HTTP.Failure = f
	}
	fail(m, layer, outage.OperationRoundTrip, f)
	if state == "degraded" {
		m.Outcome = outage.OutcomeDegraded
	}
	return nil
}
