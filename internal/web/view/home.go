package view

import (
	"cmp"
	"slices"
	"strings"

	"faultline/internal/names"
	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Card is a service as the top of the home page and the search results show it.
type Card struct {
	ID, Name string
	Status   words.Status
	Headline string
	Reason   string
	Also     string // aliases
	Incident string // id of the open incident, "" when there is none
	Since    *words.Moment
	Judged   *Judged // nil while there is no verdict on the incident
	Quarter  string  // reports in the last 15 closed minutes
	Expected string  // in 15 minutes
	Spark    Spark
}

// Spark is a small line of the last 24 hours.
type Spark struct {
	Line, Area string
	Hours      int
}

// Now is what is out and what is rising.
type Now struct {
	World      words.World
	Out        Deck
	Rising     Deck
	Recovering Deck
	Services   int  // in all
	Unknown    int  // of those, too early to say
	Early      bool // it is too early to say for all of them
	Say        string
}

// Deck is a row of cards.
type Deck struct {
	Cards []Card
	More  int // services that have no card here and are marked in the list of all
}

// Len is the number of services, those without a card too.
func (d Deck) Len() int { return len(d.Cards) + d.More }

func (d *Deck) add(r *store.Row, inc *outage.Incident, judged *outage.Verdict) {
	if len(d.Cards) == maxCards {
		d.More++
		return
	}
	card := CardOf(r, inc)
	card.Judged = JudgedOf(judged, true)
	d.Cards = append(d.Cards, card)
}

// Item is one service in the list of all.
type Item struct {
	ID, Name string
	Status   *words.Status // nil while nothing unusual is known
}

// Group is one section of the list of all.
type Group struct {
	ID, Label string
	Items     []Item
}

// maxCards is how many services each part of the home page's top shows. When
// more are out, the rest are still marked in the list below.
const maxCards = 40

// NowOf sorts the rows into what is out, rising and recovering, the largest first.
// Verdicts are by incident.
func NowOf(rows []store.Row, open []outage.Incident, verdicts map[string]*outage.Verdict, world words.World) Now {
	byService := make(map[string]*outage.Incident, len(open))
	for i := range open {
		if byService[open[i].Service] == nil {
			byService[open[i].Service] = &open[i]
		}
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b store.Row) int { return cmp.Compare(b.Quarter, a.Quarter) })
	n := Now{World: world}
	for i := range sorted {
		r := &sorted[i]
		if r.Service.Retired {
			continue
		}
		n.Services++
		var deck *Deck
		switch r.Bulletin.Status {
		case outage.StatusProblems:
			deck = &n.Out
		case outage.StatusRising:
			deck = &n.Rising
		case outage.StatusRecovering:
			deck = &n.Recovering
		case outage.StatusQuiet:
			continue
		default:
			n.Unknown++
			continue
		}
		inc := byService[r.Service.ID]
		var judged *outage.Verdict
		if inc != nil {
			judged = verdicts[inc.ID]
		}
		deck.add(r, inc, judged)
	}
	n.Early = n.Unknown == n.Services
	n.Say = sayNow(n)
	return n
}

// sayNow is what a screen reader hears when the top of the page changes.
func sayNow(n Now) string {
	if n.Early {
		return "Too early to say what is out."
	}
	if n.Out.Len()+n.Rising.Len()+n.Recovering.Len() == 0 {
		return "No service shows unusual reports right now."
	}
	var parts []string
	for _, l := range []struct {
		what  string
		cards []Card
	}{{"Users report problems", n.Out.Cards}, {"Reports are rising", n.Rising.Cards}, {"Recovering", n.Recovering.Cards}} {
		if len(l.cards) == 0 {
			continue
		}
		list := make([]string, len(l.cards))
		for i := range l.cards {
			list[i] = l.cards[i].Name
		}
		parts = append(parts, l.what+": "+strings.Join(list, ", ")+".")
	}
	return strings.Join(parts, " ")
}

// CardOf shows one service; inc is its open incident or nil.
func CardOf(r *store.Row, inc *outage.Incident) Card {
	c := Card{
		ID: r.Service.ID, Name: r.Service.Name,
		Status:   words.StatusWith(r.Bulletin.Status, inc),
		Headline: r.Bulletin.Headline,
		Reason:   r.Bulletin.Reason,
		Also:     strings.Join(r.Service.Aliases, ", "),
		Quarter:  words.Count(r.Quarter),
		Expected: usualOf(r),
	}
	c.Spark.Line, c.Spark.Area = chart.Spark(r.Spark[:])
	c.Spark.Hours = len(r.Spark)
	if inc != nil {
		c.Incident = inc.ID
		since := words.At(inc.Onset, inc.Minute)
		c.Since = &since
	}
	return c
}

// maxKinds is above the number of sections that the catalog knows.
const maxKinds = 1000

// GroupsOf lists every service by section, sections in the order of the catalog, services by name.
// open finds a service's open incident, nil when there is none.
func GroupsOf(rows []store.Row, open func(service string) *outage.Incident) []Group {
	at := map[string]int{}
	var groups []Group
	for i := range rows {
		s := &rows[i].Service
		if s.Retired {
			continue
		}
		g, ok := at[s.Kind]
		if !ok {
			g = len(groups)
			at[s.Kind] = g
			groups = append(groups, Group{ID: "k-" + cmp.Or(s.Kind, "other"), Label: names.KindLabel(s.Kind)})
		}
		item := Item{ID: s.ID, Name: s.Name}
		switch rows[i].Bulletin.Status {
		case outage.StatusProblems, outage.StatusRising, outage.StatusRecovering:
			status := words.StatusWith(rows[i].Bulletin.Status, open(s.ID))
			item.Status = &status
		}
		groups[g].Items = append(groups[g].Items, item)
	}
	order := map[string]int{}
	for i, k := range names.Kinds() {
		order["k-"+k.ID] = i - maxKinds
	}
	slices.SortFunc(groups, func(a, b Group) int { // an operator's own sections come last
		return cmp.Or(cmp.Compare(order[a.ID], order[b.ID]), cmp.Compare(a.Label, b.Label))
	})
	for _, g := range groups {
		slices.SortFunc(g.Items, func(a, b Item) int {
			return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
	}
	return groups
}

// Results is the answer to a search.
type Results struct {
	Query string
	Cards []Card
}
