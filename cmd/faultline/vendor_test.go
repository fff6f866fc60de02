package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/feature"
	"faultline/internal/stream"
	"faultline/outage"
)

// A served instance reads the status pages of its catalog where the operator has
// asked for it, and leaves them alone where not.
func TestVendorsWord(t *testing.T) {
	asked := make(chan string, 100)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- r.UserAgent():
		default:
		}
		io.WriteString(w, `{"page":{},"status":{"indicator":"minor","description":"Trouble"},"incidents":[]}`)
	}))
	defer page.Close()
	dir := t.TempDir()
	catalog := filepath.Join(dir, "services.yaml")
	text := fmt.Sprintf("kind: clouds\nservices:\n  - id: shop\n    name: Shop\n    status_page: %s/\n", page.URL)
	if err := os.WriteFile(catalog, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--no-builtin-catalog", "--catalog", catalog}

	quiet := start(t, 0, append(args, "--data", filepath.Join(dir, "quiet"))...)
	p := start(t, 0, append(args, "--data", filepath.Join(dir, "asking"), "--vendor-contact", "ops@faultline.example", "--vendor-private")...)
	select {
	case agent := <-asked:
		if !strings.Contains(agent, "ops@faultline.example") {
			t.Errorf("user agent %q", agent)
		}
	case <-time.After(startup):
		t.Fatal("the page was not asked")
	}
	for deadline := time.Now().Add(startup); !strings.Contains(metricsOf(t, p), "faultline_vendor_words_total 1"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no word was written")
		}
	}
	p.stop()
	log, closer, err := openStopped(t.Context(), filepath.Join(dir, "asking"))
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	var admitted []outage.Observation
	err = stream.EachFact(t.Context(), log, stream.Observations.Name, 0, func(r stream.Record) error {
		o, err := stream.Observations.Decode(r)
		admitted = append(admitted, *o)
		return err
	})
	if err != nil || len(admitted) != 1 || admitted[0].Service != "shop" || admitted[0].Feature != feature.VendorAdmits || admitted[0].From == 0 {
		t.Errorf("admitted: %+v, %v", admitted, err)
	}
	if strings.Contains(metricsOf(t, quiet), "faultline_vendor") || len(asked) > 0 {
		t.Error("a page was read without leave")
	}
}

func metricsOf(t *testing.T, p *process) string {
	t.Helper()
	res, err := http.Get(p.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
