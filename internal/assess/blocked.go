package assess

import (
	"time"

	"faultline/internal/judge"
	"faultline/outage"
)

// run is an unbroken row of refusals that one class of networks meets at a service.
type run struct {
	Class    string        `json:"class"`
	Since    outage.Minute `json:"since"`
	Begun    int64         `json:"begun"` // as the book counts minutes
	Refusals int           `json:"refusals"`
	Failures int           `json:"failures"`
	ElseOK   int           `json:"else_ok"`
	ElseBad  int           `json:"else_bad"`
}

// asked is what agents of one class had in a minute.
type asked struct {
	class              string
	ok, refused, other int
}

// refuse brings the rows of refusals of a service up to the end of a minute.
func (s *service) refuse(classes []asked, m outage.Minute, now int64) {
	for _, c := range classes {
		r := s.run(c.class)
		switch {
		case c.ok > 0:
			s.end(c.class)
			continue
		case r == nil && c.refused > 0:
			s.Runs = append(s.Runs, run{Class: c.class, Since: m, Begun: now})
			r = &s.Runs[len(s.Runs)-1]
		case r == nil:
			continue
		}
		r.Refusals += c.refused
		r.Failures += c.other
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		for _, c := range classes {
			if c.class != r.Class {
				r.ElseOK += c.ok
				r.ElseBad += c.refused + c.other
			}
		}
	}
}

func (s *service) run(class string) *run {
	for i := range s.Runs {
		if s.Runs[i].Class == class {
			return &s.Runs[i]
		}
	}
	return nil
}

func (s *service) end(class string) {
	kept := s.Runs[:0]
	for _, r := range s.Runs {
		if r.Class != class {
			kept = append(kept, r)
		}
	}
	s.Runs = kept
}

// refused says whether a class may be refused as a monitor, and the sentence once
// that has lasted for long enough. What people report is not known here: it is held
// against it where reports are.
func (s *service) refused(class string, now int64) (maybe bool, why string) {
	r := s.run(class)
	if r == nil {
		return false, ""
	}
	asked := judge.Refused{
		Class: class, Since: 0, Now: outage.Minute(now - r.Begun),
		Refusals: r.Refusals, Failures: r.Failures, ElseOK: r.ElseOK, ElseBad: r.ElseBad,
	}
	if b := judge.MonitorBlocked(asked); b.Blocked {
		return true, b.Why
	}
	asked.Now = max(asked.Now, outage.Minute(judge.BlockedAfter/time.Minute))
	return judge.MonitorBlocked(asked).Blocked, ""
}
