package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/api"
	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/stream"
	"faultline/outage"
)

// saidVerdicts are two revisions on an incident: too few tries, then fast errors.
func saidVerdicts(t *testing.T) []outage.Verdict {
	t.Helper()
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	onset := outage.Minute(29026650)
	var list []outage.Verdict
	for i, tries := range []int{4, 900} {
		set := &feature.Set{Service: "x", Incident: "x-20250310T0930Z", Onset: onset, At: onset + outage.Minute(2+3*i)}
		for name, value := range map[string]float64{
			feature.Attempts: float64(tries), feature.AgentsLooking: 6, feature.NetworksLooked: 5, feature.FailFrac: 1, feature.HTTPFailFrac: 1,
			feature.TCPFailFrac: 0, feature.FirstHTTPShare: 1, feature.ErrorSpeed: 40, feature.Status5xxShare: 1, feature.Status500Share: 1,
			feature.TopStatusShare: 1, feature.AgentFailShare: 1, feature.RTTRatio: 1, feature.SYNLoss: 0, feature.MixedShare: 0, feature.NoAnswer: 0,
		} {
			set.Put(feature.Feature{Name: name, Value: value, From: onset, To: set.At, Sample: tries, Vantages: 6, Networks: 5, Origin: outage.OriginProbes})
		}
		v := reason.Judge(set, table)
		v.Revision, v.IncidentRevision, v.Onset, v.Features = i+1, 2, onset, set.List()
		if i > 0 {
			v.Moved = reason.Moves(&list[0], &v)
		}
		list = append(list, v)
	}
	return list
}

// stoppedHub is a data directory with verdicts in its log.
func stoppedHub(t *testing.T, list []outage.Verdict) string {
	t.Helper()
	dir := t.TempDir()
	log, closer, err := openStopped(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var entries []stream.Entry
	for i := range list {
		e, err := stream.Verdicts.Entry(list[i].Minute, &list[i])
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if err := log.Append(t.Context(), entries, nil); err != nil {
		t.Fatal(err)
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// answeringHub gives one revision a page, the newest first.
func answeringHub(t *testing.T, list []outage.Verdict) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/x-20250310T0930Z/verdicts") {
			http.Error(w, "there is no such incident", http.StatusNotFound)
			return
		}
		page := api.VerdictList{Verdicts: list[1:], Next: "2"}
		if r.URL.Query().Get("after") == "2" {
			page = api.VerdictList{Verdicts: list[:1]}
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func explainIt(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"explain"}, args...), streams{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

// A stopped hub's log and a running hub tell the same, with the calculation and what
// moved each revision; the table that judged it judges it the same again.
func TestExplain(t *testing.T) {
	list := saidVerdicts(t)
	const id = "x-20250310T0930Z"
	_, fromLog, errs := explainIt(t, "--data", stoppedHub(t, list), "--table", knowledge.Current, id)
	for _, want := range []string{
		list[1].Sentence, list[1].ConfidenceWhy, "Revisions", "1. 2025-03-10T09:32Z insufficient", "2. 2025-03-10T09:35Z " + string(list[1].State),
		"Table " + knowledge.Current + " gives the same verdict on these facts.",
	} {
		if !strings.Contains(fromLog, want) {
			t.Errorf("%q is not in\n%s%s", want, fromLog, errs)
		}
	}
	hub := answeringHub(t, list)
	if _, fromHub, errs := explainIt(t, "--hub", hub, "--table", knowledge.Current, id); fromHub != fromLog {
		t.Errorf("the hub tells\n%s%s\nthe log\n%s", fromHub, errs, fromLog)
	}
	_, first, _ := explainIt(t, "--hub", hub, "--revision", "1", id)
	if !strings.HasPrefix(first, list[0].Sentence) {
		t.Errorf("the first revision is\n%s", first)
	}
	_, text, _ := explainIt(t, "--hub", hub, "--json", "--table", knowledge.Current, id)
	var out explained
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(out.Again)
	then, _ := json.Marshal(&list[1])
	if !bytes.Equal(again, then) || out.Difference != "" || len(out.Revisions) != 2 {
		t.Errorf("again\n%s\nthen\n%s\ndifference %q, %d revisions", again, then, out.Difference, len(out.Revisions))
	}
}

func TestExplainRefuses(t *testing.T) {
	list := saidVerdicts(t)
	hub, dir := answeringHub(t, list), stoppedHub(t, list)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--hub", hub, "y-1"}, "404"}, {[]string{"--data", dir, "y-1"}, "nothing was said of it"},
		{[]string{"--hub", hub, "--revision", "7", "x-20250310T0930Z"}, "revisions 1 to 2"},
		{[]string{"--hub", "http://127.0.0.1:1", "x-1"}, "is the hub running"},
		{[]string{"--hub", hub, "--table", "1999.1", "x-20250310T0930Z"}, "1999.1"},
	} {
		if code, out, errs := explainIt(t, c.args...); code != exitError || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d, %s%s", c.args, code, out, errs)
		}
	}
}

// A verdict that says which table it is by and does not follow from it is no silence.
func TestExplainFindsATableThatWasChanged(t *testing.T) {
	list := saidVerdicts(t)
	list[1].Sentence = "something else"
	code, _, errs := explainIt(t, "--data", stoppedHub(t, list), "--table", knowledge.Current, "x-20250310T0930Z")
	if code != exitError || !strings.Contains(errs, "without a new version") {
		t.Errorf("%d, %s", code, errs)
	}
}

// Another table shows what it changes, and a hub that holds back numbers of few reports
// is no reason to say that the same one does.
func TestExplainByAnotherTable(t *testing.T) {
	list := saidVerdicts(t)
	dir := filepath.Join(t.TempDir(), "table")
	if err := os.CopyFS(dir, os.DirFS("../../internal/knowledge/tables/"+knowledge.Current)); err != nil {
		t.Fatal(err)
	}
	edit := func(file, was, is string) {
		name := filepath.Join(dir, file)
		b, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(b), was) {
			t.Fatalf("%s has no %q: %v", file, was, err)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(b), was, is)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("table.yaml", `version: "`+knowledge.Current+`"`, `version: "next"`)
	edit("hypotheses/dependency.yaml", "{sign: errors-fast, present: 0,", "{sign: errors-fast, present: 2,")
	_, out, errs := explainIt(t, "--hub", answeringHub(t, list), "--table", dir, "x-20250310T0930Z")
	for _, want := range []string{"By table next", "table: " + knowledge.Current + " -> next", "dependency: score"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s%s", want, out, errs)
		}
	}
	kept := list[1].Features[:0:0]
	for _, f := range list[1].Features {
		if f.Name != feature.ErrorSpeed {
			kept = append(kept, f)
		}
	}
	list[1].Features = kept
	if _, out, errs := explainIt(t, "--hub", answeringHub(t, list), "--table", knowledge.Current, "x-20250310T0930Z"); !strings.Contains(out, "held back") {
		t.Errorf("of a verdict without one of its numbers:\n%s%s", out, errs)
	}
}
