package catalog

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"faultline/internal/geo"
	"faultline/internal/names"
	"faultline/outage"
)

// What one service may hold. Whoever reaches one of these has most likely put
// something into the file that belongs elsewhere; the error says where.
const (
	MaxServices   = 20_000 // in one file: pages list every service
	MaxIDBytes    = 48     // ids are part of addresses and keys
	MaxNameRunes  = 80     // names, aliases: a button must hold them
	MaxAliases    = 32
	MaxHosts      = 64
	MaxProviders  = 16
	MaxDepends    = 16
	MaxNetworks   = 64
	MaxCategories = 16 // nobody reads a longer list before pressing
	MaxCountries  = 250
)

// entry is a service with the place it came from.
type entry struct {
	service outage.Service
	file    string
	line    int
	// nodes keeps the place of each provider, dependency and alias for checks across services.
	nodes map[string]int
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// decode reads one catalog file. It never stops at the first mistake.
func decode(file string, data []byte) ([]entry, Problems) {
	r := &reading{file: file}
	body := r.parse(data)
	if body == nil {
		return nil, r.problems
	}
	top := r.fields(body, "the file", "kind", "categories", "services")
	kind := r.kind(top["kind"])
	categories := r.categories(top["categories"])
	if _, ok := top["services"].(*ast.SequenceNode); !ok && top != nil {
		r.wrong(body, "there is no list of services: write \"services:\" and below it \"- id: ...\"")
		return nil, r.problems
	}
	var entries []entry
	seen := map[string]int{}
	for _, n := range r.list(top["services"], "services", MaxServices) {
		e := r.entry(n, kind, categories)
		if e.service.ID == "" {
			continue
		}
		if first := seen[e.service.ID]; first > 0 {
			r.wrong(n, "service %q is already on line %d: merge the two or give one another id", e.service.ID, first)
			continue
		}
		seen[e.service.ID] = e.line
		entries = append(entries, e)
	}
	return entries, r.problems
}

// entry reads one service. The id is empty when it could not be read.
func (r *reading) entry(n ast.Node, kind string, categories []string) entry {
	f := r.fields(n, "a service", "id", "name", "aliases", "kind", "family", "homepage", "status_page", "hosts",
		"providers", "depends_on", "networks", "categories", "countries")
	e := entry{file: r.file, line: lineOf(n), nodes: map[string]int{}}
	if f == nil {
		return e
	}
	s := &e.service
	s.ID = r.id(f["id"], n)
	s.Name = r.name(f["name"], n, s.ID)
	for _, v := range r.list(f["aliases"], "aliases", MaxAliases) {
		if a := r.label(v, "an alias"); a != "" {
			s.Aliases = append(s.Aliases, a)
			e.nodes["alias "+a] = lineOf(v)
		}
	}
	s.Kind = r.kind(f["kind"])
	if s.Kind == "" {
		s.Kind = kind
	}
	if s.Kind == "" && s.ID != "" && f["kind"] == nil {
		r.wrong(n, "service %q has no kind: add \"kind:\" to it or at the top of the file, such as %q", s.ID, "social")
	}
	s.Family = r.optionalID(f["family"], "family")
	s.Homepage = r.address(f["homepage"], "homepage", func(host string) bool { return hostFault(host) == "" })
	s.StatusPage = r.address(f["status_page"], "status_page", func(host string) bool { return host != "" }) // may be a company's own
	s.Hosts = r.hosts(f["hosts"])
	for _, v := range r.list(f["providers"], "providers", MaxProviders) {
		if p := r.optionalID(v, "a provider"); p != "" && !slices.Contains(s.Providers, p) {
			s.Providers = append(s.Providers, p)
			e.nodes["provider "+p] = lineOf(v)
		}
	}
	for _, v := range r.list(f["depends_on"], "depends_on", MaxDepends) {
		switch d := r.optionalID(v, "a service in depends_on"); {
		case d == "" || slices.Contains(s.DependsOn, d):
		case d == s.ID:
			r.wrong(v, "service %q depends on itself: remove it from depends_on", s.ID)
		default:
			s.DependsOn = append(s.DependsOn, d)
			e.nodes["dependency "+d] = lineOf(v)
		}
	}
	s.Networks = r.networks(f["networks"])
	s.Categories = r.usedCategories(f["categories"], s.Kind, categories)
	s.Countries = r.countries(f["countries"])
	return e
}

// id reads the identity of the service at node n.
func (r *reading) id(v, n ast.Node) string {
	if v == nil {
		r.wrong(n, "a service has no id: add \"id:\" with lower case letters, digits and hyphens")
		return ""
	}
	return r.optionalID(v, "id")
}

// optionalID reads an identifier, "" when the key is absent or wrong.
func (r *reading) optionalID(v ast.Node, what string) string {
	if v == nil {
		return ""
	}
	s, ok := r.text(v, what)
	if !ok {
		return ""
	}
	if !idPattern.MatchString(s) || len(s) > MaxIDBytes {
		r.wrong(v, "%s %q: use lower case letters, digits and single hyphens, %d at most%s", what, s, MaxIDBytes, tryInstead(s))
		return ""
	}
	return s
}

// tryInstead proposes an id made from what was written.
func tryInstead(s string) string {
	words := strings.FieldsFunc(names.Fold(s), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	id := strings.Join(words, "-")
	if id == "" || len(id) > MaxIDBytes {
		return ""
	}
	return fmt.Sprintf(", such as %q", id)
}

func (r *reading) name(v, n ast.Node, id string) string {
	if v == nil {
		r.wrong(n, "service %q has no name: add \"name:\" as people write it", id)
		return ""
	}
	return r.label(v, "name")
}

// label reads a name for people: one line, no control characters.
func (r *reading) label(v ast.Node, what string) string {
	s, ok := r.text(v, what)
	if !ok {
		return ""
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || names.Fold(s) == "" {
		r.wrong(v, "%s %q: use one line with at least one letter or digit", what, s)
		return ""
	}
	if utf8.RuneCountInString(s) > MaxNameRunes {
		r.wrong(v, "%s %.20q... has more than %d characters: shorten it", what, s, MaxNameRunes)
		return ""
	}
	return s
}

// kind reads a section of the catalog. An operator may have kinds of their own,
// but one that looks like a misspelt known one is a mistake.
func (r *reading) kind(v ast.Node) string {
	id := r.optionalID(v, "kind")
	if id == "" {
		return ""
	}
	if _, ok := names.KindOf(id); ok {
		return id
	}
	var ids []string
	for _, k := range names.Kinds() {
		ids = append(ids, k.ID)
	}
	if near := names.Nearest(id, ids); near != "" {
		r.wrong(v, "unknown kind %q: did you mean %q?", id, near)
		return near // so that the services below need no message of their own
	}
	return id
}

func (r *reading) categories(v ast.Node) []string {
	var list []string
	for _, c := range r.list(v, "categories", MaxCategories) {
		id := r.optionalID(c, "category")
		switch {
		case id == "":
		case slices.Contains(list, id):
			r.wrong(c, "category %q appears twice: keep one", id)
		default:
			list = append(list, id)
		}
	}
	return list
}

// usedCategories picks the service's own list, the file's, or the kind's.
func (r *reading) usedCategories(v ast.Node, kind string, ofFile []string) []string {
	if v != nil {
		list := r.categories(v)
		if seq, ok := v.(*ast.SequenceNode); ok && len(seq.Values) == 0 {
			r.wrong(v, "categories is an empty list, so nobody could report: name some or remove the key")
		}
		return list
	}
	if len(ofFile) > 0 {
		return ofFile
	}
	if k, ok := names.KindOf(kind); ok {
		return k.Categories
	}
	return outage.DefaultCategories()
}

// address reads the address of a page at a host that will do.
func (r *reading) address(v ast.Node, what string, will func(host string) bool) string {
	if v == nil {
		return ""
	}
	s, ok := r.text(v, what)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || !will(u.Hostname()) {
		r.wrong(v, "%s %q: write a full address such as https://example.com/", what, s)
		return ""
	}
	return s
}

// networks reads AS numbers, written 3320 or AS3320.
func (r *reading) networks(v ast.Node) []uint32 {
	var list []uint32
	for _, n := range r.list(v, "networks", MaxNetworks) {
		s, ok := r.text(n, "a network")
		if !ok {
			continue
		}
		digits := strings.TrimPrefix(strings.ToUpper(s), "AS")
		asn, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || asn == 0 || asn == 1<<32-1 {
			r.wrong(n, "network %q is no AS number: write 3320 or AS3320", s)
			continue
		}
		list = append(list, uint32(asn))
	}
	return list
}

func (r *reading) countries(v ast.Node) []string {
	var list []string
	for _, n := range r.list(v, "countries", MaxCountries) {
		s, ok := r.text(n, "a country")
		switch {
		case !ok:
		case geo.IsCountry(s):
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		case s == "UK":
			r.wrong(n, "unknown country \"UK\": the code of the United Kingdom is \"GB\"")
		case geo.IsCountry(strings.ToUpper(s)):
			r.wrong(n, "country %q: write the code in capitals, %q", s, strings.ToUpper(s))
		default:
			r.wrong(n, "unknown country %q: use the two letters of ISO 3166-1, such as \"DE\"", s)
		}
	}
	return list
}
