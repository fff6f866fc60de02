package intake

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/stream"
	"faultline/outage"
)

// Times of measurements, after the agent's clock has been corrected.
const (
	// lateAfter is the age beyond which a measurement corrects history only.
	lateAfter = 90 * time.Second
	// maxAhead is how far in the future one may lie; more is a clock that nobody set.
	maxAhead = 5 * time.Minute
)

// measurements takes a batch.
func (in *Intake) measurements(w http.ResponseWriter, r *http.Request) {
	select {
	case in.slots <- struct{}{}:
		defer func() { <-in.slots }()
	default:
		in.refuse(w, nil, errBusy)
		return
	}
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != agentapi.ContentType {
		in.refuse(w, nil, &refusal{status: http.StatusUnsupportedMediaType, detail: fmt.Sprintf("content type %.60q: send %s, a record a line", r.Header.Get("Content-Type"), agentapi.ContentType)})
		return
	}
	c, err := in.authenticate(w, r, agentapi.MaxBody)
	if err != nil {
		in.refuse(w, nil, err)
		return
	}
	c.body, err = unpacked(r, c.body)
	var taken agentapi.Taken
	if err == nil {
		taken, err = in.take(c)
	}
	if err != nil {
		in.refuse(w, c.entry, err)
		return
	}
	in.Metrics.taken(&taken)
	in.answer(w, http.StatusOK, taken)
}

// unpacked is the body of a batch. It is unpacked only after its signature was
// checked, so nobody but a registered agent can make the hub do it.
func unpacked(r *http.Request, body []byte) ([]byte, error) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
		return body, nil
	case agentapi.Encoding:
	default:
		return nil, &refusal{status: http.StatusUnsupportedMediaType, detail: fmt.Sprintf("content encoding %.60q: send %s, or the batch as it is", encoding, agentapi.Encoding)}
	}
	plain, err := agentapi.Unpack(body)
	switch {
	case errors.Is(err, agentapi.ErrLarge):
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, detail: err.Error()}
	case err != nil:
		return nil, &refusal{status: http.StatusUnprocessableEntity, detail: err.Error()}
	}
	return plain, nil
}

var errBusy = errors.New("too many batches at once: try again in a few seconds")

// take checks a batch and has it appended.
func (in *Intake) take(c caller) (agentapi.Taken, error) {
	select {
	case c.taken <- struct{}{}:
		defer func() { <-c.taken }()
	default:
		return agentapi.Taken{}, &refusal{status: http.StatusConflict, detail: "another batch of this agent is being taken: send one after the other"}
	}
	b := &batch{book: in.book, entry: c.entry}
	now := in.Clock.Now()
	for n, line := range bytes.Split(bytes.TrimRight(c.body, "\n"), []byte("\n")) {
		if n >= agentapi.MaxRecords {
			return agentapi.Taken{}, &refusal{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the batch has more than %d records: send it in parts", agentapi.MaxRecords)}
		}
		rec, err := openRecord(line, c.key, in.book.get(c.entry).Vantage, now)
		if err != nil {
			return agentapi.Taken{}, err
		}
		b.records = append(b.records, rec)
	}
	if err := b.inOrder(); err != nil {
		return agentapi.Taken{}, err
	}
	if err := in.Commit.Commit(b); err != nil {
		return agentapi.Taken{}, err
	}
	return b.taken, nil
}

// record is one that was checked by itself.
type record struct {
	raw  []byte
	link chain.Link
	late bool
}

// openRecord checks all that can be said of a record alone.
func openRecord(line []byte, key ed25519.PublicKey, declared outage.Vantage, now time.Time) (record, error) {
	if len(line) > agentapi.MaxRecord {
		return record{}, &refusal{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("a record of %d bytes: at most %d", len(line), agentapi.MaxRecord), sequence: sequenceOf(line)}
	}
	link, err := chain.Open(line, key)
	bad := func(detail string) (record, error) {
		return record{}, &refusal{status: http.StatusUnprocessableEntity, detail: fmt.Sprintf("record %d: %s", link.Sequence, detail), sequence: link.Sequence}
	}
	if err != nil {
		return bad(err.Error())
	}
	var m outage.Measurement
	if err := json.Unmarshal(line, &m); err != nil {
		return bad("it cannot be read: " + err.Error())
	}
	if why := implausible(&m, declared); why != "" {
		return bad(why)
	}
	at := m.Time.Add(time.Duration(m.Clock.OffsetMS * float64(time.Millisecond)))
	if at.Sub(now) > maxAhead {
		return bad(fmt.Sprintf("its time is %s ahead of the hub's: set the agent's clock", at.Sub(now).Round(time.Second)))
	}
	return record{raw: line, link: link, late: now.Sub(at) > lateAfter}, nil
}

// sequenceOf a record that was not checked: only to tell the agent which one is meant.
func sequenceOf(line []byte) uint64 {
	var l chain.Link
	_ = json.Unmarshal(line, &l) // 0 when it cannot be read
	return l.Sequence
}

// maxName bounds words that records are counted by.
const maxName = 100

// implausible says what no agent of ours would say.
func implausible(m *outage.Measurement, declared outage.Vantage) string {
	v := m.Vantage
	v.Resolver, declared.Resolver = "", "" // each measurement says which one it asked
	switch {
	case v != declared:
		return "its vantage is not the one that the agent was registered with"
	case m.Source != "" || m.Origin != "" || m.Kind != "":
		return "it says that it is imported: agents send what they measured themselves"
	case m.Received != 0 || m.Late:
		return "received and late are for the hub to say"
	}
	return implausibleResult(m)
}

// implausibleResult says what no measurement can say, whoever made it.
func implausibleResult(m *outage.Measurement) string {
	switch {
	case !m.Failure.Known():
		return fmt.Sprintf("failure %.60q is not of the closed set", m.Failure)
	case m.Outcome != outage.OutcomeOK && m.Outcome != outage.OutcomeDegraded && m.Outcome != outage.OutcomeFail && m.Outcome != outage.OutcomeSkipped:
		return fmt.Sprintf("outcome %.60q is none", m.Outcome)
	case m.Attempt < 1:
		return "attempts are counted from 1"
	case len(m.Target.Service) > maxName || len(m.Target.Journey) > maxName || len(m.Target.Step) > maxName || len(m.Target.Variant) > maxName:
		return fmt.Sprintf("service, journey, step and variant have at most %d bytes", maxName)
	}
	return ""
}

// batch is one on its way into the log.
type batch struct {
	book    *book
	entry   *entry
	records []record
	taken   agentapi.Taken
	after   chain.Head
	before  chain.Head
}

// inOrder checks that each record follows the one before it, whatever the hub has.
func (b *batch) inOrder() error {
	for i := 1; i < len(b.records); i++ {
		if err := chain.Follows(b.records[i-1].link.Head(), &b.records[i].link); err != nil {
			seq := b.records[i].link.Sequence
			return &refusal{status: http.StatusUnprocessableEntity, sequence: seq, detail: fmt.Sprintf("record %d stands after record %d and does not follow it: send records in the order of their chain", seq, b.records[i-1].link.Sequence)}
		}
	}
	return nil
}

// Entries implements [stream.Batch]: it passes over what the hub has, and refuses
// what does not follow.
func (b *batch) Entries(m outage.Minute) ([]stream.Entry, error) {
	b.book.mu.Lock()
	defer b.book.mu.Unlock()
	if err := revoked(&b.entry.now); err != nil {
		return nil, err // meanwhile
	}
	b.before = b.entry.head()
	b.after = b.before
	var out []stream.Entry
	for i := range b.records {
		r := &b.records[i]
		if r.link.Sequence <= b.after.Sequence {
			b.taken.Duplicates++
			continue
		}
		if err := chain.Follows(b.after, &r.link); err != nil {
			return nil, &refusal{status: http.StatusConflict, sequence: r.link.Sequence, head: true, detail: fmt.Sprintf("the hub has this agent's chain up to %d, and record %d %v", b.after.Sequence, r.link.Sequence, err)}
		}
		data, err := chain.Added(r.raw, m, r.late)
		if err != nil {
			return nil, &refusal{status: http.StatusUnprocessableEntity, sequence: r.link.Sequence, detail: err.Error()}
		}
		key := outage.Measurement{Agent: r.link.Agent, Sequence: r.link.Sequence}
		out = append(out, stream.Entry{Topic: stream.Measurements.Name, Record: stream.Record{Minute: m, Key: key.Key(), Data: data}})
		b.after = r.link.Head()
	}
	b.taken.Appended = len(out)
	b.taken.Sequence, b.taken.Hash = b.after.Sequence, b.after.Hash
	b.entry.now.Sequence, b.entry.now.Head = b.after.Sequence, b.after.Hash
	return out, nil
}

// Settle implements [stream.Batch].
func (b *batch) Settle(err error) {
	if err == nil {
		return
	}
	b.book.mu.Lock()
	defer b.book.mu.Unlock()
	b.entry.now.Sequence, b.entry.now.Head = b.before.Sequence, b.before.Hash
}
