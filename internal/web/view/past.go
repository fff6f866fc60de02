package view

import (
	"faultline/internal/web/words"
	"faultline/outage"
)

// PastIncident is a line in the list of incidents.
type PastIncident struct {
	ID       string
	State    words.Status
	Onset    words.Moment
	Length   string
	Waves    string
	Peak     string
	Severity string
	Judged   *Judged // nil where nothing was said
	Current  bool
}

// pastList lists incidents with what they are consistent with.
func pastList(f *ServiceFacts) []PastIncident {
	verdicts := make(map[string]*outage.Verdict, len(f.Verdicts))
	for i := range f.Verdicts {
		verdicts[f.Verdicts[i].Incident] = &f.Verdicts[i]
	}
	out := make([]PastIncident, 0, len(f.Past))
	for i := range f.Past {
		p := pastOf(&f.Past[i], f.Pulse.Closed)
		p.Judged = JudgedOf(verdicts[p.ID], p.Current)
		out = append(out, p)
	}
	return out
}

func pastOf(i *outage.Incident, closed outage.Minute) PastIncident {
	p := PastIncident{
		ID: i.ID, State: words.StateOf(i.State), Onset: words.At(i.Onset, 0),
		Peak: words.Count(i.Peak), Severity: i.Severity.Word, Current: i.State.Open(),
		Waves: words.Plural(max(len(i.Waves), 1), "wave"),
	}
	end := i.End
	if end == 0 {
		end = closed + 1
	}
	p.Length = words.Span(end - i.Onset)
	return p
}
