package vendor

import (
	"testing"

	"faultline/outage"
)

// look is one step of a story about a page.
type look struct {
	at    outage.Minute
	read  *reading // nil: see the others
	miss  string
	same  bool
	wants *outage.VendorWord // nil: no word
}

func open(id string, posted outage.Minute) item {
	return item{id: id, title: "T", status: "investigating", posted: posted, open: true}
}

func closed(id string, posted outage.Minute) item {
	return item{id: id, title: "T", status: "resolved", posted: posted}
}

func word(at outage.Minute, status outage.VendorStatus, change func(w *outage.VendorWord)) *outage.VendorWord {
	w := &outage.VendorWord{Minute: at, Status: status, Reached: at}
	if change != nil {
		change(w)
	}
	return w
}

func TestPage(t *testing.T) {
	up := &reading{status: outage.VendorOperational}
	trouble := func(items ...item) *reading { return &reading{status: outage.VendorMinor, items: items} }
	has := func(troubled outage.Minute, list ...outage.VendorIncident) func(w *outage.VendorWord) {
		return func(w *outage.VendorWord) { w.Troubled, w.Incidents = troubled, list }
	}
	seen := func(status string, posted, at, ack, over outage.Minute) outage.VendorIncident {
		return outage.VendorIncident{ID: "1", Title: "T", Status: status, Posted: posted, Seen: at, Acknowledged: ack, Closed: over}
	}
	unknown := func(since, reached outage.Minute, last outage.VendorStatus, why string) func(w *outage.VendorWord) {
		return func(w *outage.VendorWord) { w.Unknown, w.Reached, w.LastStatus, w.Why = since, reached, last, why }
	}
	cases := []struct {
		name  string
		looks []look
	}{
		{"says one thing once, and again after a day", []look{
			{at: 100, read: up, wants: word(100, outage.VendorOperational, nil)},
			{at: 105, read: up}, {at: 110, same: true},
			{at: 100 + outage.Day, same: true, wants: word(100+outage.Day, outage.VendorOperational, nil)},
		}},
		{"an incident comes and goes", []look{
			{at: 100, read: up, wants: word(100, outage.VendorOperational, nil)},
			{at: 105, read: trouble(open("1", 103)), wants: word(105, outage.VendorMinor, has(103, seen("investigating", 103, 105, 103, 0)))},
			{at: 110, read: trouble(open("1", 103))},
			{at: 115, read: up, wants: word(115, outage.VendorOperational, has(0, seen("investigating", 103, 105, 103, 115)))},
			{at: 115 + outage.Day/2, read: up},
		}},
		{"a word that is dated back counts from the last look", []look{
			{at: 100, read: up, wants: word(100, outage.VendorOperational, nil)},
			{at: 105, read: trouble(open("1", 10)), wants: word(105, outage.VendorMinor, has(101, seen("investigating", 10, 105, 101, 0)))},
		}},
		{"at the first look the vendor is believed, but not on the future", []look{
			{at: 100, read: trouble(open("1", 10)), wants: word(100, outage.VendorMinor, has(10, seen("investigating", 10, 100, 10, 0)))},
		}},
		{"nor is a word from the future", []look{
			{at: 100, read: trouble(open("1", 900)), wants: word(100, outage.VendorMinor, has(100, seen("investigating", 900, 100, 100, 0)))},
		}},
		{"an incident between two looks is not lost, and history is not told", []look{
			{at: 100, read: up, wants: word(100, outage.VendorOperational, nil)},
			{at: 120, read: &reading{status: outage.VendorOperational, items: []item{closed("1", 105), closed("2", 0)}},
				wants: word(120, outage.VendorOperational, has(0, seen("resolved", 105, 120, 105, 120)))},
		}},
		{"one failure is nothing, two are unknown since the first", []look{
			{at: 100, read: up, wants: word(100, outage.VendorOperational, nil)},
			{at: 105, miss: "HTTP 500"}, {at: 110, read: up}, {at: 115, miss: "HTTP 500"},
			{at: 120, miss: "HTTP 502", wants: word(120, outage.VendorUnknown, unknown(115, 110, outage.VendorOperational, "HTTP 502"))},
			{at: 125, miss: "HTTP 502"},
			{at: 130, read: up, wants: word(130, outage.VendorOperational, nil)},
		}},
		{"a page that was never read is unknown at once, and never up", []look{
			{at: 100, miss: "gone", wants: word(100, outage.VendorUnknown, unknown(100, 0, "", "gone"))},
			{at: 105, miss: "gone"},
		}},
		{"what is unmodified is known again", []look{
			{at: 100, read: trouble(), wants: word(100, outage.VendorMinor, has(100))},
			{at: 105, miss: "x"},
			{at: 110, miss: "x", wants: word(110, outage.VendorUnknown, func(w *outage.VendorWord) {
				unknown(105, 100, outage.VendorMinor, "x")(w)
				w.Troubled = 100
			})},
			{at: 115, same: true, wants: word(115, outage.VendorMinor, has(100))},
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := begin("x", "p", nil)
			revision := 0
			for _, l := range c.looks {
				var changed bool
				switch {
				case l.read != nil:
					s, changed = s.see(l.at, l.read)
				case l.same:
					s, changed = s.unmodified(l.at)
				default:
					s, changed = s.miss(l.at, l.miss)
				}
				if changed != (l.wants != nil) {
					t.Fatalf("at %d: changed %v: %+v", l.at, changed, s.word)
				}
				if l.wants == nil {
					continue
				}
				revision++
				l.wants.Service, l.wants.Page, l.wants.Revision = "x", "p", revision
				if s.word.Revision != revision || s.word.Minute != l.wants.Minute || s.word.Reached != l.wants.Reached || s.word.Why != l.wants.Why ||
					s.word.LastStatus != l.wants.LastStatus || !same(&s.word, l.wants, l.at) {
					t.Errorf("at %d:\n%+v, want\n%+v", l.at, s.word, *l.wants)
				}
				s = restarted(s, l.at)
			}
		})
	}
}

// restarted is the state that another process begins with, which must not differ
// in what it says.
func restarted(s state, at outage.Minute) state {
	w := s.word
	again := begin("x", "p", &w)
	if w.Reached == at {
		return again
	}
	return s
}

func TestAnotherPage(t *testing.T) {
	old := outage.VendorWord{Service: "x", Page: "old", Revision: 4, Status: outage.VendorMajor, Troubled: 5, Reached: 50}
	s, changed := begin("x", "new", &old).see(100, &reading{status: outage.VendorOperational})
	if !changed || s.word.Revision != 5 || s.word.Status != outage.VendorOperational || s.word.Page != "new" {
		t.Errorf("%v, %+v", changed, s.word)
	}
}

// More incidents than a word carries are cut to the newest, and the word says so.
func TestManyIncidents(t *testing.T) {
	r := &reading{status: outage.VendorCritical}
	for i := range 100 {
		r.items = append(r.items, open(string(rune('a'+i%26))+string(rune('a'+i/26)), outage.Minute(i+1)))
	}
	s, _ := begin("x", "p", nil).see(200, r)
	if len(s.word.Incidents) != maxIncidents || !s.word.Truncated || s.word.Incidents[0].Posted != 100 {
		t.Errorf("%d incidents, truncated %v, the first of minute %d", len(s.word.Incidents), s.word.Truncated, s.word.Incidents[0].Posted)
	}
}
