package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"faultline/internal/browsertest"
)

// The whole way of a press in the real program: a person presses with the
// keyboard, and the page that another person has open shows it within two
// seconds, without being loaded again.
func TestPressIsSeenByOthers(t *testing.T) {
	b := browsertest.Start(t)
	p := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--trusted-hops", "127.0.0.0/8")
	watcher := b.Open(t, p.url+"/s/signal", browsertest.Desktop)
	watcher.Until(`document.querySelector("[data-live-count]").textContent === "0"`, 2*time.Second)
	tab := b.Open(t, p.url+"/s/signal", browsertest.Phone)
	for range 40 {
		if browsertest.Eval[string](tab, `document.activeElement.value ?? ""`) == "calls" {
			break
		}
		tab.Press(kb.Tab)
	}
	tab.Press(kb.Enter)
	for _, who := range []*browsertest.Tab{tab, watcher} {
		who.Until(`document.querySelector("[data-live-count]").textContent === "1"`, 2*time.Second)
	}
	tab.Until(`document.getElementById("answer").innerText.includes("Thank you")`, 2*time.Second)
	// Four more people make it a number that a stranger may see by category.
	for i := range 4 {
		code, body, err := p.post(t.Context(), "/api/v1/reports", "application/json", `{"service":"signal","category":"calls"}`,
			"X-Forwarded-For", fmt.Sprintf("20.0.%d.1", i))
		if err != nil || code != 201 || !strings.Contains(body, `"counted":true`) {
			t.Fatalf("press %d: %d %s %v", i, code, body, err)
		}
	}
	watcher.Until(`document.querySelector("[data-live-count]").textContent === "5"`, 2*time.Second)
}

// The demonstration comes alive by itself: the clock runs, the first wave builds
// up within a minute, and nobody touches the page.
func TestDemonstrationIsLive(t *testing.T) {
	b := browsertest.Start(t)
	p := start(t, 0, "demo", "--listen", "127.0.0.1:0", "--speed", "600")
	tab := b.Open(t, p.url+"/s/x", browsertest.Desktop)
	tab.Until(`document.querySelector("main").innerText.includes("Users report problems")`, startup)
	tab.Until(`document.querySelector("a[href^='/i/x-20250310T09']") !== null`, 10*time.Second)
	if text := tab.Text("body"); !strings.Contains(text, "reconstructed from published figures") {
		t.Errorf("the page does not say that it is a reconstruction: %.300s", text)
	}
}
