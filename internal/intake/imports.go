package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

// maxImports bounds what is kept of others' measurements, for it is kept for ever:
// some 700 MB. Who comes later is told to use another hub.
const maxImports = 1_000_000

// imports takes measurements of others from the operator. They go into a topic that
// no fold follows: what somebody measured last year is no news of today.
func (in *Intake) imports(w http.ResponseWriter, r *http.Request) {
	imported, err := in.takeImports(w, r)
	if err != nil {
		in.refuse(w, nil, err)
		return
	}
	in.Metrics.imported(&imported)
	in.answer(w, http.StatusOK, imported)
}

func (in *Intake) takeImports(w http.ResponseWriter, r *http.Request) (agentapi.Imported, error) {
	var none agentapi.Imported
	if err := in.operator(w, r); err != nil {
		return none, err
	}
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != agentapi.ContentType {
		return none, &refusal{status: http.StatusUnsupportedMediaType, detail: fmt.Sprintf("content type %.60q: send %s, a measurement a line", r.Header.Get("Content-Type"), agentapi.ContentType)}
	}
	in.importing.Lock() // one body in memory, and one count, at a time
	defer in.importing.Unlock()
	body, err := readBody(w, r, agentapi.MaxBody)
	if err == nil {
		body, err = unpacked(r, body)
	}
	if err != nil {
		return none, err
	}
	b, err := in.openImports(body)
	if err != nil {
		return none, err
	}
	end := func() (uint64, error) { return in.Log.Seek(r.Context(), stream.Imports.Name, math.MaxInt64) }
	before, err := end()
	if err != nil {
		return none, err
	}
	if before+uint64(len(b.list)) > maxImports {
		return none, &refusal{status: http.StatusInsufficientStorage, detail: fmt.Sprintf("this hub has %d imported measurements and keeps at most %d: import the rest into a hub with another data directory", before, maxImports)}
	}
	if err := in.Commit.Commit(b); err != nil {
		return none, err
	}
	after, err := end()
	if err != nil {
		return none, err
	}
	appended := int(after - before)
	return agentapi.Imported{Appended: appended, Duplicates: len(b.list) - appended}, nil
}

// openImports reads and checks a body as a whole.
func (in *Intake) openImports(body []byte) (*imported, error) {
	b := &imported{}
	now := in.Clock.Now()
	for n, line := range bytes.Split(bytes.TrimRight(body, "\n"), []byte("\n")) {
		if n >= agentapi.MaxRecords {
			return nil, &refusal{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the batch has more than %d measurements: send it in parts", agentapi.MaxRecords)}
		}
		m, err := decodeImport(line)
		if err == nil {
			err = in.acceptable(m, now)
		}
		if err != nil {
			return nil, &refusal{status: http.StatusUnprocessableEntity, sequence: uint64(n + 1), detail: fmt.Sprintf("measurement %d of the batch: %v", n+1, err)}
		}
		b.list = append(b.list, *m)
	}
	return b, nil
}

// decodeImport reads one line as 'faultline import' prints it.
func decodeImport(line []byte) (*outage.Measurement, error) {
	if len(line) > agentapi.MaxRecord {
		return nil, fmt.Errorf("it has %d bytes: at most %d", len(line), agentapi.MaxRecord)
	}
	var m outage.Measurement
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("there is more on its line: send one measurement a line")
	}
	return &m, nil
}

// acceptable checks that a measurement is somebody else's, and of something that is
// known here.
func (in *Intake) acceptable(m *outage.Measurement, now time.Time) error {
	switch {
	case m.Source == "" || len(m.Source) > maxName || strings.Trim(m.Source, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return fmt.Errorf("source %.40q: every import names where it is from, in small letters", m.Source)
	case m.Hash != "" || m.Previous != "" || m.Signature != "" || m.Gap != nil || m.Received != 0 || m.Late:
		return fmt.Errorf("it says that it is of a chain: agents send what they measured themselves, and nobody else may for them")
	case m.Target.Service == "":
		return fmt.Errorf("it is of no service: say which with --service, or with a column service")
	case in.Known == nil || !in.Known(m.Target.Service):
		return fmt.Errorf("service %.60q is not in the catalog: add it there, or say another with --service", m.Target.Service)
	case m.Target.Role == outage.RoleControl:
		return fmt.Errorf("it is of a control: controls judge our own agents")
	case m.Time.Year() < 2000 || m.Time.Sub(now) > maxAhead:
		return fmt.Errorf("its time is %s: between the year 2000 and now", m.Time.Format(time.RFC3339))
	case len(m.Agent) > maxName || len(m.Origin) > 4*maxName:
		return fmt.Errorf("agent has at most %d bytes and origin %d", maxName, 4*maxName)
	}
	if why := implausibleResult(m); why != "" {
		return fmt.Errorf("%s", why)
	}
	return nil
}

// imported is a batch on its way into the log.
type imported struct{ list []outage.Measurement }

// Entries implements [stream.Batch]. The log passes over keys that it has.
func (b *imported) Entries(m outage.Minute) ([]stream.Entry, error) {
	out := make([]stream.Entry, 0, len(b.list))
	for i := range b.list {
		x := b.list[i]
		x.Agent, x.Sequence, x.Time = store.ImportedAgent(x.Source, x.Agent), 0, x.Time.UTC()
		key, err := importKey(x)
		if err != nil {
			return nil, err
		}
		x.Received = m
		e, err := stream.Imports.Entry(m, &x)
		if err != nil {
			return nil, err
		}
		e.Key = key
		out = append(out, e)
	}
	return out, nil
}

// Settle implements [stream.Batch]; there is nothing to take back.
func (b *imported) Settle(error) {}

// importKey is derived from what was measured, so that the same file may be imported
// again. Where the source has an id of its own the place is left out: it is looked up
// in tables that change.
func importKey(m outage.Measurement) (string, error) {
	if m.Origin != "" {
		m.Vantage.Country, m.Vantage.Network = "", ""
	}
	data, err := json.Marshal(&m)
	if err != nil {
		return "", fmt.Errorf("derive the key of an import: %w", err)
	}
	sum := sha256.Sum256(data)
	return m.Source + "/" + hex.EncodeToString(sum[:16]), nil
}
