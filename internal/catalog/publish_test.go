package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

const minute outage.Minute = 29_000_000

// publish appends a catalog and says how many records that took.
func publish(t *testing.T, log stream.Log, m outage.Minute, services ...outage.Service) int {
	t.Helper()
	n, err := Publish(t.Context(), log, m, services)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func known(t *testing.T, log stream.Log) string {
	t.Helper()
	k, err := Restore(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	return ids(k.Services)
}

func TestPublishAppendsOnlyChanges(t *testing.T) {
	log := memory.New()
	a, b := service("a"), service("b")
	steps := []struct {
		name     string
		services []outage.Service
		want     int
		known    string
	}{
		{"first start", []outage.Service{a, b}, 2, "a b"},
		{"restart", []outage.Service{a, b}, 0, "a b"},
		{"a gets an alias", []outage.Service{service("a", "alpha"), b}, 1, "a b"},
		{"and loses it in the same minute", []outage.Service{a, b}, 1, "a b"},
		{"and gets it back", []outage.Service{service("a", "alpha"), b}, 1, "a b"},
		{"b is gone", []outage.Service{service("a", "alpha")}, 1, "a b!"},
		{"b stays gone", []outage.Service{service("a", "alpha")}, 0, "a b!"},
		{"b comes back", []outage.Service{service("a", "alpha"), b}, 1, "a b"},
	}
	for _, s := range steps {
		if n := publish(t, log, minute, s.services...); n != s.want {
			t.Errorf("%s: appended %d, want %d", s.name, n, s.want)
		}
		if got := known(t, log); got != s.known {
			t.Errorf("%s: the log knows %q, want %q", s.name, got, s.known)
		}
	}
	k, err := Restore(t.Context(), log)
	if err != nil || len(k.Services[0].Aliases) != 1 {
		t.Errorf("the last version of a is %+v (%v), want it with its alias", k.Services[0], err)
	}
}

func TestPublishTheStarterCatalog(t *testing.T) {
	log, services := memory.New(), starter(t)
	if n := publish(t, log, minute, services...); n != len(services) {
		t.Errorf("appended %d of %d services", n, len(services))
	}
	if n := publish(t, log, minute+1, services...); n != 0 {
		t.Errorf("a restart appended %d", n)
	}
	if got := strings.Fields(known(t, log)); len(got) != len(services) {
		t.Errorf("read back %d of %d services", len(got), len(services))
	}
}

func TestRestoreStepsOverDamage(t *testing.T) {
	log := memory.New()
	publish(t, log, minute, service("a"))
	bad := stream.Entry{Topic: stream.Services.Name, Record: stream.Record{Minute: minute, Key: "b/0", Data: []byte("{")}}
	if err := log.Append(t.Context(), []stream.Entry{bad}, nil); err != nil {
		t.Fatal(err)
	}
	k, err := Restore(t.Context(), log)
	if err != nil || len(k.Damaged) != 1 || ids(k.Services) != "a" {
		t.Errorf("Restore = %+v, %v, want a and one damaged record", k, err)
	}
}

// broken is a log that cannot append.
type broken struct{ stream.Log }

var errFull = errors.New("no space left")

func (broken) Append(context.Context, []stream.Entry, *stream.Checkpoint) error { return errFull }

func TestPublishReportsAFailingLog(t *testing.T) {
	if _, err := Publish(t.Context(), broken{memory.New()}, minute, []outage.Service{service("a")}); !errors.Is(err, errFull) {
		t.Errorf("Publish: %v, want the log's error", err)
	}
}
