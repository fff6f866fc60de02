package names

import (
	"cmp"
	"slices"
	"strings"

	"faultline/outage"
)

// MaxQueryRunes bounds what is searched for; the rest of a longer query is
// ignored, which nobody who types a name will notice.
const MaxQueryRunes = 64

// Index finds services by what people type. It is built once for a list of
// services, never changes, and may be used by many readers at once.
type Index struct {
	services []outage.Service
	keys     []key          // every name of every service, in the order of services
	exact    map[string]int // folded id, name or alias to service; live ones win
}

// key is one name in the forms in which it is compared.
type key struct {
	service int
	text    string // folded; of a host, as it is
	tight   string // folded, without spaces: "whats app" finds WhatsApp
	kind    keyKind
}

type keyKind uint8

const (
	ofName keyKind = iota
	ofAlias
	ofHost
)

// Ranks of a match, the best first.
const (
	rankExact  = iota // the whole of a name, alias or id
	rankName          // the beginning of a name
	rankAlias         // the beginning of an alias
	rankWord          // the beginning of a word in either
	rankWords         // every word of the query begins some word, in any order
	rankHost          // the beginning of a host name
	rankInside        // somewhere inside
	rankTypo          // a slip of the finger away
	rankNone
)

// NewIndex prepares a list of services for searching.
func NewIndex(services []outage.Service) *Index {
	x := &Index{services: services, exact: make(map[string]int, 4*len(services))}
	for i := range services {
		s := &services[i]
		x.add(i, s.Name, ofName)
		x.add(i, s.ID, ofAlias)
		for _, a := range s.Aliases {
			x.add(i, a, ofAlias)
		}
		for _, h := range s.Hosts {
			text := strings.TrimPrefix(h.Name, "www.")
			x.keys = append(x.keys, key{i, text, text, ofHost})
		}
	}
	return x
}

// add keeps one name of a service. Whoever is alive owns the exact form.
func (x *Index) add(service int, name string, kind keyKind) {
	text := Fold(name)
	x.keys = append(x.keys, key{service, text, strings.ReplaceAll(text, " ", ""), kind})
	owner, taken := x.exact[text]
	if !taken || x.services[owner].Retired && !x.services[service].Retired {
		x.exact[text] = service
	}
}

// Lookup finds the one service with this id, name or alias.
func (x *Index) Lookup(word string) (outage.Service, bool) {
	i, ok := x.exact[Fold(word)]
	if !ok {
		return outage.Service{}, false
	}
	return x.services[i], true
}

// query is what was typed, in the forms in which it is compared.
type query struct {
	text, tight, raw string
	words            []string
}

func newQuery(s string) query {
	if r := []rune(s); len(r) > MaxQueryRunes {
		s = string(r[:MaxQueryRunes])
	}
	q := query{text: Fold(s), raw: strings.ToLower(strings.TrimSpace(s))}
	q.tight = strings.ReplaceAll(q.text, " ", "")
	q.words = strings.Fields(q.text)
	q.raw = strings.TrimPrefix(strings.TrimPrefix(q.raw, "https://"), "www.")
	return q
}

// hit is how well a service matches.
type hit struct{ service, rank, length int }

// Search returns up to n services for a query that may still be being typed, the
// best first: whole names, then beginnings of names, of aliases and of words, all
// words in any order, host names, parts of names, and last what is a slip of the
// finger away. The same query always gives the same answer.
func (x *Index) Search(s string, n int) []outage.Service {
	q := newQuery(s)
	if q.text == "" || n <= 0 {
		return nil
	}
	hits := x.collect(q, direct)
	if len(hits) < n && slips(len(q.tight)) > 0 {
		hits = x.collect(q, func(q query, k *key) int { return min(direct(q, k), typo(q, k)) })
	}
	slices.SortFunc(hits, func(a, b hit) int {
		sa, sb := &x.services[a.service], &x.services[b.service]
		return cmp.Or(
			cmp.Compare(btoi(sa.Retired), btoi(sb.Retired)),
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.length, b.length),
			strings.Compare(sa.Name, sb.Name),
			strings.Compare(sa.ID, sb.ID))
	})
	found := make([]outage.Service, min(n, len(hits)))
	for i := range found {
		found[i] = x.services[hits[i].service]
	}
	return found
}

// collect ranks every service by its best key and keeps those that match.
func (x *Index) collect(q query, rank func(query, *key) int) []hit {
	var hits []hit
	for from := 0; from < len(x.keys); {
		best := hit{service: x.keys[from].service, rank: rankNone}
		to := from
		for ; to < len(x.keys) && x.keys[to].service == best.service; to++ {
			k := &x.keys[to]
			r := rank(q, k)
			if r < best.rank || r == best.rank && len(k.text) < best.length {
				best.rank, best.length = r, len(k.text)
			}
		}
		if best.rank > rankWords && len(q.words) > 1 && everyWord(q.words, x.keys[from:to]) {
			best.rank = rankWords
		}
		if best.rank < rankNone {
			hits = append(hits, best)
		}
		from = to
	}
	return hits
}

// direct ranks a key without forgiving mistakes.
func direct(q query, k *key) int {
	if k.kind == ofHost {
		switch {
		case k.text == q.raw:
			return rankExact
		case strings.HasPrefix(k.text, q.raw):
			return rankHost
		}
		return rankNone
	}
	switch {
	case k.text == q.text || k.tight == q.tight:
		return rankExact
	case strings.HasPrefix(k.text, q.text) || strings.HasPrefix(k.tight, q.tight):
		if k.kind == ofName {
			return rankName
		}
		return rankAlias
	case strings.Contains(k.text, " "+q.text):
		return rankWord
	case len(q.tight) > 2 && strings.Contains(k.tight, q.tight):
		return rankInside
	}
	return rankNone
}

// everyWord says whether each word of the query begins some word of the keys.
func everyWord(words []string, keys []key) bool {
	for _, w := range words {
		if !slices.ContainsFunc(keys, func(k key) bool {
			return k.kind != ofHost && (strings.HasPrefix(k.text, w) || strings.Contains(k.text, " "+w))
		}) {
			return false
		}
	}
	return true
}

// typo compares with the key and with its beginning, for a name that is still
// being typed has its mistake early. The first letter is nearly always right, or
// swapped with the second, which keeps strange finds out.
func typo(q query, k *key) int {
	if k.kind == ofHost || len(k.tight) < 3 || k.tight[0] != q.tight[0] && k.tight[0] != q.tight[1] {
		return rankNone
	}
	limit := slips(len(q.tight))
	for end := len(q.tight) - 1; end <= len(q.tight)+1; end++ {
		if Distance(q.tight, k.tight[:min(end, len(k.tight))], limit) <= limit {
			return rankTypo
		}
	}
	return rankNone
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
