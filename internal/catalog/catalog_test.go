package catalog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"faultline/outage"
)

func service(id string, aliases ...string) outage.Service {
	return outage.Service{ID: id, Name: strings.ToUpper(id), Kind: "social", Aliases: aliases, Categories: []string{"app"}}
}

func ids(services []outage.Service) string {
	var list []string
	for _, s := range services {
		id := s.ID
		if s.Retired {
			id += "!"
		}
		list = append(list, id)
	}
	return strings.Join(list, " ")
}

func TestMergeKeepsWhatHasHistory(t *testing.T) {
	retired := service("d")
	retired.Retired = true
	previous := []outage.Service{service("a"), service("b"), service("c"), retired}
	has := func(id string) bool { return id == "b" || id == "d" }
	if got := ids(Merge(previous, []outage.Service{service("a"), service("e")}, has)); got != "a b! d! e" {
		t.Errorf("Merge = %q, want %q", got, "a b! d! e")
	}
	if got := ids(Merge(previous, []outage.Service{service("d")}, has)); got != "b! d" {
		t.Errorf("a retired service that comes back: Merge = %q, want %q", got, "b! d")
	}
	if previous[1].Retired {
		t.Error("Merge changed what it was given")
	}
}

func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.yaml")
	write := func(ids ...string) {
		var b strings.Builder
		b.WriteString("kind: social\nservices:\n")
		for _, id := range ids {
			b.WriteString("  - {id: " + id + ", name: " + id + "}\n")
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Files: []string{file}}
	has := func(id string) bool { return id == "b" }
	c := New(nil)
	write("a", "b", "c")
	if ch, err := c.Reload(cfg, has); err != nil || len(ch.Added) != 3 {
		t.Fatalf("the first load: %+v, %v", ch, err)
	}
	if ch, err := c.Reload(cfg, has); err != nil || !ch.Empty() {
		t.Errorf("the same file again: %+v, %v, want no change", ch, err)
	}
	write("a", "d")
	ch, err := c.Reload(cfg, has)
	if err != nil || !slices.Equal(ch.Added, []string{"d"}) || !slices.Equal(ch.Retired, []string{"b"}) || !slices.Equal(ch.Dropped, []string{"c"}) {
		t.Errorf("without b and c: %+v, %v", ch, err)
	}
	write("a", "a")
	if _, err := c.Reload(cfg, has); err == nil {
		t.Error("a file with a mistake was taken")
	}
	if got := ids(c.Services()); got != "a b! d" {
		t.Errorf("after a mistake the catalog is %q, want it as it was", got)
	}
	if s, ok := c.Get("b"); !ok || !s.Retired {
		t.Errorf("Get(b) = %+v, %v, want it retired", s, ok)
	}
	if _, ok := c.Get("c"); ok {
		t.Error("c is still there")
	}
}

func TestLiveServiceOwnsTheWord(t *testing.T) {
	old := service("old", "word")
	old.Retired = true
	c := New([]outage.Service{service("zed", "word"), old})
	if s, _ := c.Lookup("Word"); s.ID != "zed" {
		t.Errorf("Lookup = %q, want the live service", s.ID)
	}
}

// Readers see one whole state or the other while the catalog reloads.
func TestReadersDuringReload(t *testing.T) {
	c := New(starter(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if _, ok := c.Get("x"); !ok || len(c.Search("tw", 5)) == 0 {
					t.Error("x went missing")
				}
			}
		})
	}
	for range 3 {
		if _, err := c.Reload(DefaultConfig(), func(string) bool { return true }); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
