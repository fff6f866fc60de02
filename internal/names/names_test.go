package names

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"faultline/outage"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Crédit Agricole": "credit agricole", "  T-Mobile  US ": "t mobile us", "AT&T": "atandt", "Disney+": "disneyplus",
		"McDonald's": "mcdonalds", "Société Générale": "societe generale", "Türk Telekom": "turk telekom", "Straße": "strasse",
		"1.1.1.1": "1 1 1 1", "ØRSTED": "orsted", "ヤフー": "ヤフー", "СБЕР": "сбер", "!!!": "", "": "", "\xff\xfe": "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := Fold(s); Fold(once) != once {
			t.Fatalf("Fold(%q) = %q, and again %q", s, once, Fold(once))
		}
	})
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"same", "same", 2, 0}, {"twiter", "twitter", 2, 1}, {"twtiter", "twitter", 2, 1}, {"facebok", "facebook", 1, 1},
		{"abc", "xyz", 2, 3}, {"abc", "xyz", 5, 3}, {"", "ab", 2, 2}, {"ab", "", 1, 2}, {"a", "abcd", 2, 3},
		{"x", strings.Repeat("x", MaxDistance+1), MaxDistance, MaxDistance + 1},
	} {
		if got := Distance(tt.a, tt.b, tt.limit); got != tt.want {
			t.Errorf("Distance(%q, %q, %d) = %d, want %d", tt.a, tt.b, tt.limit, got, tt.want)
		}
	}
}

func TestDistanceIsSymmetric(t *testing.T) {
	word := rapid.StringMatching(`[abc]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if x, y := Distance(a, b, 10), Distance(b, a, 10); x != y || (x == 0) != (a == b) {
			t.Fatalf("Distance(%q, %q) = %d and back %d", a, b, x, y)
		}
	})
}

func TestNearest(t *testing.T) {
	known := []string{"social", "mail", "games"}
	for s, want := range map[string]string{"socail": "social", "mial": "mail", "game": "games", "banks": "", "soc": ""} {
		if got := Nearest(s, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", s, got, want)
		}
	}
}

func sample() []outage.Service {
	list := []outage.Service{
		{ID: "x", Name: "X", Aliases: []string{"Twitter"}, Hosts: []outage.Host{{Name: "x.com"}, {Name: "www.twitter.com"}}},
		{ID: "xbox-live", Name: "Xbox network", Aliases: []string{"xbox live"}},
		{ID: "aws", Name: "Amazon Web Services", Aliases: []string{"ec2"}},
		{ID: "amazon", Name: "Amazon"},
		{ID: "amazon-music", Name: "Amazon Music"},
		{ID: "whatsapp", Name: "WhatsApp"},
		{ID: "facebook", Name: "Facebook", Aliases: []string{"fb"}},
		{ID: "credit-agricole", Name: "Crédit Agricole"},
		{ID: "deutsche-bank", Name: "Deutsche Bank"},
		{ID: "deutsche-bahn", Name: "Deutsche Bahn", Aliases: []string{"db"}},
		{ID: "old-bank", Name: "Bank", Retired: true},
		{ID: "twitch", Name: "Twitch"},
	}
	return list
}

func TestSearch(t *testing.T) {
	x := NewIndex(sample())
	tests := []struct{ query, want string }{
		{"x", "x xbox-live"},
		{"x.com", "x"},
		{"https://www.twitter.com", "x"},
		{"twit", "twitch x"},
		{"twiter", "x"},
		{"TWTITER", "x"},
		{"amazon", "amazon amazon-music aws"},
		{"amaz web", "aws"},
		{"whats app", "whatsapp"},
		{"whatsap", "whatsapp"},
		{"watsapp", "whatsapp"},
		{"facebok", "facebook"},
		{"faceb", "facebook"},
		{"credit agri", "credit-agricole"},
		{"crédit", "credit-agricole"},
		{"agricole", "credit-agricole"},
		{"bank", "deutsche-bank old-bank"},
		{"db", "deutsche-bahn"},
		{"live", "xbox-live"},
		{"zzzz", ""},
		{"  ", ""},
		{"?!", ""},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range x.Search(tt.query, 5) {
			got = append(got, s.ID)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("Search(%q) = %q, want %q", tt.query, strings.Join(got, " "), tt.want)
		}
	}
	if got := x.Search("a", 2); len(got) != 2 {
		t.Errorf("Search with n = 2 gave %d", len(got))
	}
	if got := x.Search("a", 0); got != nil {
		t.Errorf("Search with n = 0 gave %v", got)
	}
	if got := NewIndex(nil).Search("a", 5); len(got) != 0 {
		t.Errorf("Search of nothing gave %v", got)
	}
}

// Every service is first for its own name and id, and no query breaks the search.
func TestSearchFindsNames(t *testing.T) {
	services := sample()
	x := NewIndex(services)
	for _, s := range services {
		for _, word := range []string{s.Name, s.ID} {
			if got := x.Search(word, 1); !s.Retired && (len(got) == 0 || got[0].ID != s.ID) {
				t.Errorf("Search(%q) = %v, want %s first", word, got, s.ID)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.String().Draw(t, "query")
		if got := x.Search(q, 3); len(got) > 3 {
			t.Fatalf("Search(%q, 3) gave %d", q, len(got))
		}
		x.Lookup(q)
	})
}

func TestLabels(t *testing.T) {
	for id, want := range map[string]string{
		"server-connection": "Server connection", "app": "App", "dns": "DNS", "login": "Login or account", "push-messages": "Push messages", "": "Not said",
	} {
		if got := CategoryLabel(id); got != want {
			t.Errorf("CategoryLabel(%q) = %q, want %q", id, got, want)
		}
	}
	if got := KindLabel("banks"); got != "Banks" {
		t.Errorf("KindLabel(banks) = %q", got)
	}
	if got := KindLabel("water-works"); got != "Water works" {
		t.Errorf("KindLabel(water-works) = %q", got)
	}
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k.ID] || k.Label == "" || len(k.Categories) == 0 {
			t.Errorf("kind %+v is twice in the table or lacks something", k)
		}
		seen[k.ID] = true
		sorted := slices.Clone(k.Categories)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(k.Categories) {
			t.Errorf("kind %s has a category twice", k.ID)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	var services []outage.Service
	for i := range 100 {
		for _, s := range sample() {
			s.ID = fmt.Sprintf("%s-%d", s.ID, i)
			s.Name = fmt.Sprintf("%s %d", s.Name, i)
			services = append(services, s)
		}
	}
	x := NewIndex(services)
	for _, q := range []string{"t", "twitter", "facebok", "qqqqqqqqqq"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				x.Search(q, 10)
			}
		})
	}
}

func TestClosest(t *testing.T) {
	known := []string{"syn_loss", "depth", "attempts"}
	for in, want := range map[string]string{"sin_loss": "syn_loss", "weather": "depth", "": "depth"} {
		if got := Closest(in, known); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
