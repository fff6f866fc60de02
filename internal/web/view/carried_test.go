package view

import (
	"strings"
	"testing"

	"faultline/internal/web/words"
	"faultline/outage"
)

func TestCarriedInWords(t *testing.T) {
	i := &outage.Incident{Basis: "tenants", Onset: 29026650, Waves: []outage.Wave{{Onset: 29026650}},
		Tenants: &outage.Tenants{Count: 3, Watched: 5, Spared: 8, Elsewhere: 9}}
	for state, want := range map[outage.State]string{
		outage.StateSuspected: "not confirmed yet", outage.StateConfirmed: "12 minutes ago, and they still fail", outage.StateRecovering: "12 minutes later they no longer did",
		outage.StateResolved: "for 12 minutes", outage.StateDismissed: "never confirmed",
	} {
		i.State = state
		got := summary(i, "12 minutes")
		if !strings.Contains(got, "3 of 5 watched services that stand on it") || !strings.Contains(got, "while 8 of 9 elsewhere did not") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
		if text := stateText(&outage.Incident{}, i); strings.Contains(text, "eport") || strings.Contains(text, "probes") {
			t.Errorf("%s: %q speaks of what it does not rest on", state, text)
		}
	}
	for s, want := range map[outage.Status]string{outage.StatusRising: "Services on it begin to fail", outage.StatusProblems: "Services on it fail"} {
		if got := words.StatusWith(s, i).Word; got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}
