package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"faultline/internal/names"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// Bounds of magnitudes, whatever a file, a seed and a magnitude make together.
const (
	maxShare       = 40.0
	maxConnections = 2400
	maxPeople      = 120 // in each country
	maxRumour      = 60  // presses a minute in each country
	maxKB          = 1024
)

// kind is a fault of the vocabulary: the keys that it takes, and the states.
type kind struct {
	words  string
	keys   []string // beside at, for, every and down
	needs  []string
	states []string
}

// kinds is the vocabulary. What each does is in package fault.
var kinds = map[string]kind{
	"udp-flood":       {words: "large packets fill the link before a tenant", keys: []string{"where", "tenant", "share", "size"}, needs: []string{"share"}},
	"syn-flood":       {words: "packets that begin connections come faster than link or queue can take", keys: []string{"where", "share"}, needs: []string{"share"}},
	"http-flood":      {words: "clients that do not think ask for dynamic pages", keys: []string{"where", "connections", "paths"}, needs: []string{"connections"}},
	"slow-http":       {words: "clients hold connections with requests that do not end", keys: []string{"where", "connections", "paths"}, needs: []string{"connections"}},
	"dns-flood":       {words: "questions fill the links before the DNS provider", keys: []string{"where", "share"}, needs: []string{"share"}},
	"zone":            {words: "our zone is wrong", keys: []string{"state", "where"}, needs: []string{"state"}, states: stand.ZoneStates()},
	"edge":            {words: "edges answer by themselves", keys: []string{"where", "tenant", "state", "status", "paths", "mobile", "percent", "per-second", "clients"}, needs: []string{"state"}, states: stand.AnswerKinds()},
	"edge-stop":       {words: "the edge's process is not there", keys: []string{"where", "tenant"}},
	"edge-hang":       {words: "the edge's process takes connections and does nothing", keys: []string{"where", "tenant"}},
	"deploy":          {words: "a build answers with errors", keys: []string{"status", "paths", "mobile", "percent"}, needs: []string{"status"}},
	"crash-loop":      {words: "a build ends again and again", keys: []string{}},
	"leak":            {words: "a build gets slower with each request", keys: []string{"kb"}, needs: []string{"kb"}},
	"database":        {words: "the database does not answer, or does not let go", keys: []string{"state"}, needs: []string{"state"}, states: []string{"stopped", "locked"}},
	"certificate":     {words: "the edge shows a bad certificate", keys: []string{"where", "state"}, needs: []string{"state"}, states: []string{"expired", "name", "alone"}},
	"route-withdrawn": {words: "our prefixes are not announced", keys: []string{"where"}},
	"null-route":      {words: "our prefixes lead nowhere, silently", keys: []string{"where"}},
	"hijack":          {words: "at one transit our prefixes lead to somebody else", keys: []string{}},
	"firewall":        {words: "a rule at the edge host is wrong", keys: []string{"where", "tenant", "state", "percent", "clients"}, needs: []string{"state"}, states: []string{"drop", "reject", "reset"}},
	"link-down":       {words: "the link to a place is cut", keys: []string{"where"}, needs: []string{"where"}},
	"transit-loss":    {words: "a transit loses packets of everybody", keys: []string{"where", "percent"}, needs: []string{"percent"}},
	"region-cut":      {words: "a client network reaches nothing, or nothing of the edge", keys: []string{"clients", "state"}, needs: []string{"clients", "state"}, states: []string{"all", "edge"}},
	"agent-cut":       {words: "an agent's own line is cut", keys: []string{"clients"}, needs: []string{"clients"}},
	"censor":          {words: "a network answers in our place", keys: []string{"clients", "state"}, needs: []string{"clients", "state"}, states: []string{"dns", "reset"}},
	"crowd":           {words: "more honest people come", keys: []string{"count", "clients"}, needs: []string{"count"}},
	"retries":         {words: "clients ask again at once", keys: []string{"clients"}},
	"app-bug":         {words: "the app on phones cannot show what it gets", keys: []string{"percent"}, needs: []string{"percent"}},
	"rumour":          {words: "people press although nothing fails for them", keys: []string{"count", "service", "clients"}, needs: []string{"count"}},
	"confusion":       {words: "people press for our service when another fails", keys: []string{"percent"}, needs: []string{"percent"}},
	"bank-down":       {words: "an unrelated service elsewhere fails", keys: []string{}},
}

// Faults lists the vocabulary, by name, with what each does.
func Faults() map[string]string {
	out := map[string]string{}
	for name, k := range kinds {
		out[name] = k.words
	}
	return out
}

// set lists the keys that an event uses.
func (e *Event) set() []string {
	var out []string
	add := func(name string, used bool) {
		if used {
			out = append(out, name)
		}
	}
	add("where", len(e.Where) > 0)
	add("clients", len(e.Clients) > 0)
	add("tenant", e.Tenant != "")
	add("share", e.Share != 0)
	add("size", e.Size != 0)
	add("connections", e.Connections != 0)
	add("status", e.Status != 0)
	add("paths", len(e.Paths) > 0)
	add("mobile", e.Mobile)
	add("percent", e.Percent != 0)
	add("per-second", e.PerSecond != 0)
	add("state", e.State != "")
	add("count", e.Count != 0)
	add("kb", e.KB != 0)
	add("service", e.Service != "")
	return out
}

func (e *Event) validate() error {
	k, ok := kinds[e.Fault]
	if !ok {
		return fmt.Errorf("there is no such fault%s; docs/how-to/add-a-scenario.md lists all", names.Suggest(e.Fault, slices.Sorted(maps.Keys(kinds))))
	}
	used := e.set()
	for _, key := range used {
		if !slices.Contains(k.keys, key) {
			return fmt.Errorf("it takes no %s: its keys are %s", key, strings.Join(k.keys, ", "))
		}
	}
	for _, key := range k.needs {
		if !slices.Contains(used, key) {
			return fmt.Errorf("it needs %s", key)
		}
	}
	if len(k.states) > 0 && !slices.Contains(k.states, e.State) {
		return fmt.Errorf("state %q: use one of %s", e.State, strings.Join(k.states, ", "))
	}
	return errors.Join(e.times(), e.magnitudes(), e.places())
}

// times of an event lie within the fault's.
func (e *Event) times() error {
	switch {
	case e.At < -WarmUp/3 || e.At > Fault || e.For < 0 || e.At+e.For > Fault:
		return fmt.Errorf("from %s for %s: the fault lasts %s", e.At, e.For, Fault)
	case (e.Every == 0) != (e.Down == 0) || e.Every != 0 && (e.Down < 5*time.Second || e.Every < e.Down+5*time.Second):
		return fmt.Errorf("every %s for %s: leave at least 5s on and 5s off", e.Every, e.Down)
	}
	return nil
}

func (e *Event) magnitudes() error {
	switch {
	case e.Share < 0 || e.Share > maxShare:
		return fmt.Errorf("share %g: above 0, at most %g times the bottleneck", e.Share, maxShare)
	case e.Size < 0 || e.Size > 1400:
		return fmt.Errorf("size %d: at most 1400 bytes", e.Size)
	case e.Connections < 0 || e.Connections > maxConnections:
		return fmt.Errorf("connections %d: at most %d", e.Connections, maxConnections)
	case e.Percent < 0 || e.Percent > 100:
		return fmt.Errorf("percent %d: at most 100", e.Percent)
	case e.Status != 0 && (e.Status < 400 || e.Status > 599):
		return fmt.Errorf("status %d: an error has 400 to 599", e.Status)
	case e.PerSecond < 0 || e.PerSecond > 1000 || e.KB < 0 || e.KB > maxKB:
		return fmt.Errorf("per-second %d, kb %d: at most 1000 and %d", e.PerSecond, e.KB, maxKB)
	case e.Count < 0 || e.Fault == "crowd" && e.Count > maxPeople || e.Fault == "rumour" && e.Count > maxRumour:
		return fmt.Errorf("count %d: at most %d people, or %d presses a minute, in each country", e.Count, maxPeople, maxRumour)
	case e.Fault == "edge" && (e.State == stand.AnswerStatus) != (e.Status != 0):
		return errors.New("state status and a status go together")
	case e.Fault == "edge" && (e.State == stand.AnswerLimit) != (e.PerSecond != 0):
		return errors.New("state limit and per-second go together")
	}
	for _, p := range e.Paths {
		if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, " \t\n\";{}\\$") {
			return fmt.Errorf("path %q: begin it with a slash", p)
		}
	}
	return nil
}

// AnyPoP in where is one of the two, by the seed; so is AnyClient in clients.
const (
	AnyPoP    = "any-pop"
	AnyClient = "any-client"
)

func (e *Event) places() error {
	for _, w := range e.Where {
		if known := placesOf(e.Fault); !slices.Contains(known, w) {
			return fmt.Errorf("where %q: use one of %s", w, strings.Join(known, ", "))
		}
	}
	for _, c := range e.Clients {
		if _, ok := topology.ClientNamed(c); !ok && c != AnyClient && !slices.Contains([]string{"datacenter", "eyeball", "mobile", topology.TransitA, topology.TransitB}, c) {
			return fmt.Errorf("clients %q: use a client network, %s, a class of networks, or a transit", c, AnyClient)
		}
	}
	if e.Tenant != "" && e.Tenant != topology.TenantFeed && e.Tenant != topology.TenantSiblings && e.Tenant != TenantAll {
		return fmt.Errorf("tenant %q: use %s, %s or %s", e.Tenant, topology.TenantFeed, topology.TenantSiblings, TenantAll)
	}
	return nil
}

// placesOf are where a fault can be: elsewhere nothing would happen.
func placesOf(fault string) []string {
	switch fault {
	case "zone", "dns-flood":
		return []string{topology.NameOne, topology.NameTwo}
	case "transit-loss":
		return []string{topology.TransitA, topology.TransitB}
	case "link-down":
		return []string{AnyPoP, topology.PoP1, topology.PoP2, topology.NameOne, topology.NameTwo, topology.ElsewhereX, topology.ElsewhereY, topology.Origin}
	}
	return []string{AnyPoP, topology.PoP1, topology.PoP2}
}

// TenantAll is everybody behind the edge.
const TenantAll = "all"
