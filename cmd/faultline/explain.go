package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"faultline/internal/api"
	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/stream"
	"faultline/outage"
)

// explainCmd prints how a verdict was reached.
type explainCmd struct {
	Incident string `arg:"" help:"Id of the incident, such as x-20250310T0932Z."`
	Hub      string `default:"http://127.0.0.1:8080" env:"FAULTLINE_HUB" placeholder:"URL" help:"Address of the hub to ask."`
	Data     string `placeholder:"DIR" help:"Read this data directory instead; its faultline must be stopped."`
	Revision int    `help:"Explain this revision instead of the latest one." placeholder:"N"`
	Table    string `help:"Judge the same facts again with this version of the knowledge table, or with the one in this directory, and show the difference." placeholder:"VERSION"`
	JSON     bool   `name:"json" help:"Print JSON: the verdict, the revisions in brief and, with --table, the verdict by that table."`
}

// Help is what kong prints beyond the flags.
func (c *explainCmd) Help() string {
	return `Prints the whole calculation of a verdict, so that anybody can add it up, and what
moved each revision. A verdict keeps the features that it was reached from, for ever,
so --table can judge them by a newer table long after the measurements have aged out.
The same table gives the same verdict, byte for byte.`
}

// explained is what --json prints.
type explained struct {
	Verdict   *outage.Verdict   `json:"verdict"`
	Revisions []revisionInBrief `json:"revisions"` // the oldest first
	// Again is the verdict on the same features by the table that was asked for, and
	// Difference what it changes; empty: nothing.
	Again      *outage.Verdict `json:"again,omitempty"`
	Difference string          `json:"difference,omitempty"`
	// Partial says that numbers of few reports of one country or kind are held back from
	// the API: judged again without them a verdict may differ by any table.
	Partial bool `json:"partial,omitempty"`
}

// revisionInBrief is one line of the history.
type revisionInBrief struct {
	Revision int                 `json:"revision"`
	Minute   outage.Minute       `json:"minute"`
	Table    string              `json:"table"`
	State    outage.VerdictState `json:"state"`
	Layer    outage.Layer        `json:"layer,omitempty"`
	Class    outage.CauseClass   `json:"class,omitempty"`
	Leading  []string            `json:"leading,omitempty"`
	Moved    []outage.Moved      `json:"moved,omitempty"`
}

func inBrief(v *outage.Verdict) revisionInBrief {
	return revisionInBrief{v.Revision, v.Minute, v.Table, v.State, v.Layer.Layer, v.Class, v.Leading, v.Moved}
}

// Run implements the command.
func (c *explainCmd) Run(ctx context.Context, s streams) error {
	list, err := c.revisions(ctx)
	if err != nil {
		return fmt.Errorf("explain incident %s: %w", c.Incident, err)
	}
	out, err := c.explain(list)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	return out.print(s.out)
}

// explain picks the revision, and judges it again where that was asked for.
func (c *explainCmd) explain(list []outage.Verdict) (*explained, error) {
	slices.SortFunc(list, func(a, b outage.Verdict) int { return a.Revision - b.Revision })
	out := &explained{Verdict: &list[len(list)-1]}
	for i := range list {
		v := &list[i]
		if v.Revision == c.Revision {
			out.Verdict = v
		}
		out.Revisions = append(out.Revisions, inBrief(v))
	}
	if c.Revision != 0 && out.Verdict.Revision != c.Revision {
		return nil, fmt.Errorf("incident %s has revisions %d to %d of its verdict, and none is %d", c.Incident, list[0].Revision, list[len(list)-1].Revision, c.Revision)
	}
	if c.Table == "" {
		return out, nil
	}
	table, err := knowledge.Open(c.Table)
	if err != nil {
		return nil, err
	}
	again, err := judgeAgain(out.Verdict, table)
	if err != nil {
		return nil, err
	}
	out.Again, out.Difference, out.Partial = again, reason.Difference(out.Verdict, again), partial(out.Verdict)
	return out, nil
}

// judgeAgain holds the features of a verdict against a table. What names the revision
// stays, so that the same table gives the same bytes.
func judgeAgain(v *outage.Verdict, table *knowledge.Table) (*outage.Verdict, error) {
	again := reason.Judge(feature.Of(v), table)
	again.Revision, again.IncidentRevision, again.Onset, again.Features, again.Moved = v.Revision, v.IncidentRevision, v.Onset, v.Features, v.Moved
	if v.Table != again.Table || partial(v) {
		return &again, nil
	}
	was, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the verdict: %w", err)
	}
	is, err := json.Marshal(&again)
	if err != nil {
		return nil, fmt.Errorf("write the verdict by table %s: %w", table.Version, err)
	}
	if !bytes.Equal(was, is) && reason.Difference(v, &again) == "" {
		return nil, fmt.Errorf("table %s gives another verdict now than it gave then: it, or this program, was changed without a new version", table.Version)
	}
	return &again, nil
}

// print writes it for people.
func (e *explained) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(reason.Explain(e.Verdict))
	writeRevisions(&b, e.Revisions)
	switch {
	case e.Again == nil:
	case e.Difference == "":
		fmt.Fprintf(&b, "\nTable %s gives the same verdict on these facts.\n", e.Again.Table)
	default:
		fmt.Fprintf(&b, "\nBy table %s\n  %s\n", e.Again.Table, strings.ReplaceAll(strings.TrimSpace(e.Difference), "\n", "\n  "))
	}
	if e.Partial {
		b.WriteString("Numbers of few reports are held back here, so it was judged again without them; the data directory of the stopped hub (--data) has all.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// partial says whether a verdict rests on a number that it does not hold.
func partial(v *outage.Verdict) bool {
	known := map[string]bool{}
	for i := range v.Features {
		known[v.Features[i].Name] = true
	}
	return slices.ContainsFunc(v.Evidence, func(e outage.Evidence) bool { return !known[e.Feature] })
}

// writeRevisions tells the history of a verdict.
func writeRevisions(b *strings.Builder, list []revisionInBrief) {
	b.WriteString("\nRevisions\n")
	for i := range list {
		r := &list[i]
		fmt.Fprintf(b, "  %d. %s %s, layer %s, %s\n", r.Revision, r.Minute, r.State, dash(string(r.Layer)), dash(strings.Join(r.Leading, " or ")))
		for _, m := range r.Moved {
			fmt.Fprintf(b, "       %+.2f %s (%s)\n", m.Weight, m.Text, dash(m.For))
		}
	}
}

// errNoVerdict is told where nothing was said of an incident.
var errNoVerdict = errors.New("nothing was said of it: is the id right, and is it of this hub?")

// revisions of the verdict, from a stopped hub's log or from a hub.
func (c *explainCmd) revisions(ctx context.Context) (list []outage.Verdict, err error) {
	if c.Data != "" {
		list, err = c.fromLog(ctx)
	} else {
		list, err = c.fromHub(ctx)
	}
	if err == nil && len(list) == 0 {
		err = errNoVerdict
	}
	return list, err
}

func (c *explainCmd) fromLog(ctx context.Context) (list []outage.Verdict, err error) {
	log, closer, err := openStopped(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	err = stream.EachFact(ctx, log, stream.Verdicts.Name, 0, func(r stream.Record) error {
		v, err := stream.Verdicts.Decode(r)
		if err == nil && v.Incident == c.Incident {
			list = append(list, *v)
		}
		return err
	})
	return list, err
}

// Limits of an answer of a hub.
const (
	explainTimeout = 20 * time.Second
	explainPage    = 50
	maxExplain     = 64 << 20
)

func (c *explainCmd) fromHub(ctx context.Context) (list []outage.Verdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, explainTimeout)
	defer cancel()
	for after := ""; ; {
		page, err := c.page(ctx, after)
		if err != nil {
			return nil, err
		}
		if list = append(list, page.Verdicts...); page.Next == "" {
			return list, nil
		}
		after = page.Next
	}
}

func (c *explainCmd) page(ctx context.Context, after string) (*api.VerdictList, error) {
	address := fmt.Sprintf("%s/api/v1/incidents/%s/verdicts?limit=%d", strings.TrimRight(c.Hub, "/"), url.PathEscape(c.Incident), explainPage)
	if after != "" {
		address += "&after=" + url.QueryEscape(after)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: is the hub running, and is this its address? A stopped one is read with --data", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxExplain))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s: %.200s", res.Status, body)
	}
	page := &api.VerdictList{}
	if err := json.Unmarshal(body, page); err != nil {
		return nil, fmt.Errorf("decode its answer: %w", err)
	}
	return page, nil
}
