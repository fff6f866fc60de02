package catalog

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"faultline/internal/geo"
	"faultline/internal/names"
	"faultline/outage"
)

var update = flag.Bool("update", false, "write the golden files anew")

func starter(t testing.TB) []outage.Service {
	t.Helper()
	services, err := Load(true)
	if err != nil {
		t.Fatal(err)
	}
	return services
}

func TestMistakesAreNamedWithLineAndRemedy(t *testing.T) {
	_, err := Load(false, "testdata/mistakes.yaml")
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load: %v, want Problems", err)
	}
	golden := "testdata/mistakes.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, errRead := os.ReadFile(golden)
	if errRead != nil {
		t.Fatal(errRead)
	}
	if got := err.Error() + "\n"; got != string(want) {
		t.Errorf("messages differ from %s (go test -update writes it):\n%s", golden, got)
	}
}

func TestLoadFailures(t *testing.T) {
	many := strings.Repeat("  - {id: a, name: A, kind: social, aliases: [x]}\n", 60)
	tests := []struct{ name, yaml, want string }{
		{"empty file", "", "f.yaml: the file holds no services"},
		{"comment only", "# nothing\n", "the file holds no services"},
		{"not a mapping", "- a\n- b\n", "f.yaml:1: the file is a list"},
		{"no list", "kind: social\n", "f.yaml:1: there is no list of services"},
		{"syntax", "services:\n  - id: [a\n", "not valid YAML"},
		{"two documents", "services: []\n---\nservices: []\n", "f.yaml:3: a second document begins here"},
		{"anchor", "services:\n  - &a {id: b, name: B, kind: social}\n", "f.yaml:2: a service is an anchor or alias"},
		{"merge key", "services:\n  - {<<: {id: b}, name: B}\n", "f.yaml:2:"},
		{"deep", "services: " + strings.Repeat("[", 100_000), "f.yaml:1: brackets nest deeper"},
		{"long line", "# a\n" + strings.Repeat("- ", MaxLineBytes), "f.yaml:2: the line has more than 8192 bytes"},
		{"too large", strings.Repeat("#\n", MaxFileBytes/2+1), "split it into several files"},
		{"more than fits", "services:\n" + many, "and 9 more"},
		{"too many aliases", "services:\n  - {id: a, name: A, kind: social, aliases: [" + strings.Repeat("a,", MaxAliases+1) + "]}\n", "aliases has 33 entries"},
		{"long name", "services:\n  - {id: a, kind: social, name: " + strings.Repeat("n", MaxNameRunes+1) + "}\n", "has more than 80 characters"},
		{"long id", "services:\n  - {kind: social, name: A, id: " + strings.Repeat("n", MaxIDBytes+1) + "}\n", "48 at most"},
		{"depends on nobody", "services:\n  - {id: a, kind: social, name: A, depends_on: [logins]}\n", "service \"a\" depends on \"logins\", which is no service: add that service"},
		{"depends on a near miss", "services:\n  - {id: a, kind: social, name: A, depends_on: logns}\n  - {id: logins, kind: social, name: L}\n", "did you mean \"logins\""},
		{"depends on itself", "services:\n  - {id: a, kind: social, name: A, depends_on: [a]}\n", "depends on itself"},
		{"name of signs", "services:\n  - {id: a, kind: social, name: '---'}\n", "at least one letter or digit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load([]source{{"f.yaml", []byte(tt.yaml)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("load: %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Load(false, filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") || !strings.Contains(err.Error(), "check the path") {
		t.Errorf("Load of a missing file: %v, want its name and the remedy", err)
	}
}

func TestLoadFillsInWhatIsLeftOut(t *testing.T) {
	got, err := load([]source{{"f.yaml", []byte(`
kind: banks
services:
  - {id: a, name: A}
  - {id: b, name: B, kind: kiosks, depends_on: [a, c, a]}
  - {id: c, name: 3, kind: carriers, categories: no-signal, countries: [NO], networks: AS680}
  - id: d
    name: D
    hosts: [d.example.com, {name: api.d.example.com, role: api, verified: true}]
`)}, {"g.yaml", []byte("categories: [one, two]\nservices:\n  - {id: e, name: E, kind: banks}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	banks, _ := names.KindOf("banks")
	for i, want := range [][]string{banks.Categories, outage.DefaultCategories(), {"no-signal"}, banks.Categories, {"one", "two"}} {
		if !slices.Equal(got[i].Categories, want) {
			t.Errorf("service %s has the categories %v, want %v", got[i].ID, got[i].Categories, want)
		}
	}
	if c := got[2]; c.Name != "3" || !slices.Equal(c.Countries, []string{"NO"}) || !slices.Equal(c.Networks, []uint32{680}) {
		t.Errorf("values that look like numbers or truth came out as %+v", c)
	}
	if !slices.Equal(got[1].DependsOn, []string{"a", "c"}) {
		t.Errorf("b depends on %v, want a and c", got[1].DependsOn)
	}
	wantHosts := []outage.Host{{Name: "d.example.com", Role: "web"}, {Name: "api.d.example.com", Role: "api", Verified: true}}
	if !slices.Equal(got[3].Hosts, wantHosts) {
		t.Errorf("hosts are %+v, want %+v", got[3].Hosts, wantHosts)
	}
}

func TestLaterFileReplacesTheWholeService(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("services:\n  - {id: x, name: Ex, kind: social, aliases: [chirper]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	services, err := Load(true, own)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(services, func(s outage.Service) bool { return s.ID == "x" })
	if x := services[i]; x.Name != "Ex" || len(x.Hosts) != 0 || x.Family != "" {
		t.Errorf("x is %+v, want only what the later file says", x)
	}
	if len(services) != len(starter(t)) {
		t.Errorf("there are %d services, want as many as before", len(services))
	}
}

// What people expect of the starter catalog.
func TestStarterCatalog(t *testing.T) {
	services := starter(t)
	byID := map[string]outage.Service{}
	kinds, countries := map[string]int{}, map[string]int{}
	for _, s := range services {
		byID[s.ID] = s
		kinds[s.Kind]++
		for _, c := range s.Countries {
			countries[c]++
		}
		for _, h := range s.Hosts {
			if h.Verified {
				t.Errorf("host %s of %s is marked verified, and nobody has checked it", h.Name, s.ID)
			}
		}
		if len(s.Categories) == 0 {
			t.Errorf("service %s has no categories", s.ID)
		}
	}
	t.Logf("%d services of %d kinds, %d countries", len(services), len(kinds), len(countries))
	if len(services) < 150 {
		t.Errorf("there are %d services, want at least 150", len(services))
	}
	for _, k := range names.Kinds() {
		if k.ID != "other" && kinds[k.ID] < 5 {
			t.Errorf("kind %s has %d services", k.ID, kinds[k.ID])
		}
	}
	for _, c := range []string{"US", "GB", "DE", "FR", "IN", "BR", "JP", "ES", "IT", "CA", "AU", "MX"} {
		if countries[c] < 8 {
			t.Errorf("country %s has %d services of its own", c, countries[c])
		}
	}
	x := byID["x"]
	for _, h := range []string{"x.com", "mobile.x.com", "api.x.com", "twitter.com", "abs.twimg.com"} {
		if !slices.ContainsFunc(x.Hosts, func(have outage.Host) bool { return have.Name == h }) {
			t.Errorf("x lacks the host %s", h)
		}
	}
	for _, id := range []string{"facebook", "instagram", "whatsapp", "messenger", "threads"} {
		if byID[id].Family != "meta" {
			t.Errorf("%s is of family %q, want meta", id, byID[id].Family)
		}
	}
	c := New(services)
	for word, want := range map[string]string{
		"twitter": "x", "Insta": "instagram", "AWS": "aws", "gcp": "google-cloud", "T-Mobile US": "t-mobile-us",
		"société generale": "societe-generale", "psn": "playstation-network", "LOL": "league-of-legends",
	} {
		if s, ok := c.Lookup(word); !ok || s.ID != want {
			t.Errorf("Lookup(%q) = %q, want %q", word, s.ID, want)
		}
	}
}

// The AS numbers of a few carriers agree with the built-in table of networks, so
// that no cap silences their own customers.
func TestCarrierNetworksAgreeWithGeo(t *testing.T) {
	db, err := geo.Open(geo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := New(starter(t))
	for addr, id := range map[string]string{
		"84.128.0.1": "telekom-de", "2003::1": "telekom-de", "73.1.1.1": "xfinity", "49.32.0.1": "jio",
		"2607:fb90:1::1": "t-mobile-us", "126.1.1.1": "softbank", "86.128.1.1": "bt", "2a01:cb00::1": "orange-fr",
	} {
		s, _ := c.Get(id)
		if asn := db.Lookup(netip.MustParseAddr(addr)).ASN; !slices.Contains(s.Networks, asn) {
			t.Errorf("%s lies in AS%d, which %s does not list among %v", addr, asn, id, s.Networks)
		}
	}
}

// Whatever the bytes, the decoder answers with services that keep the rules or
// with problems that can be printed, and never panics.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"testdata/mistakes.yaml", "services/social.yaml", "services/mail.yaml"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("services:\n  - {id: a, name: &x b, kind: *x}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		services, err := load([]source{{"f.yaml", data}})
		if err != nil {
			if err.Error() == "" || services != nil {
				t.Errorf("an error without words, or services beside it: %v", services)
			}
			return
		}
		for _, s := range services {
			if !idPattern.MatchString(s.ID) || s.Name == "" || s.Kind == "" || len(s.Categories) == 0 {
				t.Errorf("the service breaks the rules: %+v", s)
			}
		}
		if c := New(services); len(services) > 0 {
			if _, ok := c.Lookup(services[0].Name); !ok {
				t.Errorf("%q is not found by its name", services[0].Name)
			}
		}
	})
}
