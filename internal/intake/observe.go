package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/names"
	"faultline/internal/stream"
	"faultline/outage"
)

// Limits of what is handed in at once.
const (
	maxObservations = 100
	maxObserveBody  = 256 << 10
	maxQuote        = 1000
	maxSourceText   = 300
)

// PathObservations takes them.
const PathObservations = "/api/v1/observations"

// Observed answers what became of observations.
type Observed struct {
	IDs []string `json:"ids"` // in the order in which they were sent
}

// observations takes what others have published, from the operator.
func (in *Intake) observations(w http.ResponseWriter, r *http.Request) {
	ids, err := in.takeObservations(w, r)
	if err != nil {
		in.refuse(w, nil, err)
		return
	}
	in.answer(w, http.StatusCreated, Observed{IDs: ids})
}

func (in *Intake) takeObservations(w http.ResponseWriter, r *http.Request) ([]string, error) {
	if err := in.operator(w, r); err != nil {
		return nil, err
	}
	body, err := readBody(w, r, maxObserveBody)
	if err != nil {
		return nil, err
	}
	list, err := DecodeObservations(body)
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, detail: err.Error()}
	}
	b := &observation{}
	for i := range list {
		o := &list[i]
		if in.Known == nil || !in.Known(o.Service) {
			return nil, &refusal{status: http.StatusUnprocessableEntity, detail: fmt.Sprintf("observation %d: service %.60q is not in the catalog", i+1, o.Service)}
		}
		if now := outage.MinuteOf(in.Clock.Now()); o.From > now {
			return nil, &refusal{status: http.StatusUnprocessableEntity, detail: fmt.Sprintf("observation %d is of %s, which is still to come", i+1, o.From)}
		}
		b.list = append(b.list, *o)
	}
	if err := in.Commit.Commit(b); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(b.list))
	for i := range b.list {
		ids = append(ids, b.list[i].ID)
	}
	return ids, nil
}

// DecodeObservations reads a list of observations as JSON, checks each and gives it its
// id. Errors say which one, and what to write instead.
func DecodeObservations(body []byte) ([]outage.Observation, error) {
	var list []outage.Observation
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf(`decode the observations: %w: send a list such as [{"service":"x","feature":"bgp_unchanged","value":1,"from":"2025-03-10T09:30Z","to":"2025-03-10T16:00Z","source":{"name":"…","kind":"measurer"}}]`, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the list of observations: send one list, and nothing after it")
	}
	if len(list) == 0 || len(list) > maxObservations {
		return nil, fmt.Errorf("%d observations: send 1 to %d at once", len(list), maxObservations)
	}
	for i := range list {
		if err := checkObservation(&list[i]); err != nil {
			return nil, fmt.Errorf("observation %d: %w", i+1, err)
		}
		list[i].Identify()
	}
	return list, nil
}

func checkObservation(o *outage.Observation) error {
	word, known := feature.Find(o.Feature)
	switch {
	case o.ID != "" || o.Minute != 0:
		return errors.New("id and minute are the hub's to set: leave them out")
	case o.Service == "":
		return errors.New("it is of no service")
	case !known:
		var all []string
		for _, w := range feature.Words() {
			all = append(all, w.Name)
		}
		return fmt.Errorf("feature %.60q is not in the vocabulary: did you mean %q?", o.Feature, names.Closest(o.Feature, all))
	case o.From <= 0 || o.To < o.From:
		return fmt.Errorf("it is of %s to %s: write from and to of what was measured, the earlier first", o.From, o.To)
	case o.Sample < 0 || o.Vantages < 0 || o.Networks < 0:
		return errors.New("sample, vantages and networks are counts")
	case len(o.Quote) > maxQuote:
		return fmt.Errorf("the quote has %d bytes: keep it to %d", len(o.Quote), maxQuote)
	}
	if err := word.Check(o.Value); err != nil {
		return err
	}
	return checkSource(&o.Source)
}

func checkSource(s *outage.Source) error {
	switch {
	case s.Name == "" || len(s.Name) > maxSourceText:
		return fmt.Errorf("its source needs a name of up to %d bytes", maxSourceText)
	case !slices.Contains(outage.SourceKinds(), s.Kind):
		return fmt.Errorf("its source is of kind %.40q: use one of %s", s.Kind, strings.Join(outage.SourceKinds(), ", "))
	case s.Reliability != "" && (len(s.Reliability) != 1 || s.Reliability < "A" || s.Reliability > "F"):
		return fmt.Errorf("its source has reliability %.10q: use A to F of the Admiralty code", s.Reliability)
	}
	if s.URL == "" {
		return nil
	}
	if u, err := url.Parse(s.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s.URL) > maxSourceText {
		return fmt.Errorf("its source has the address %.80q: write one that begins with https://", s.URL)
	}
	return nil
}

// observation is a list on its way into the log.
type observation struct{ list []outage.Observation }

// Entries implements [stream.Batch].
func (b *observation) Entries(m outage.Minute) ([]stream.Entry, error) {
	entries := make([]stream.Entry, 0, len(b.list))
	for i := range b.list {
		b.list[i].Minute = m
		e, err := stream.Observations.Entry(m, &b.list[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Settle implements [stream.Batch]: nothing is remembered of observations.
func (b *observation) Settle(error) {}
