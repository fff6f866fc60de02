package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"faultline/internal/browsertest"
	"faultline/internal/httpd"
)

// about is a page behind the notice with as wide a table as a person may write.
const about = `<p>Made up from published figures.</p><table><caption>Published figures beside those that were drawn.</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Where</th><th scope="col">What</th><th scope="col">Published</th><th scope="col">Generated</th><th scope="col">Used as</th><th scope="col">Note</th></tr></thead>
<tbody><tr><td>09:41</td><td>US</td><td>bucket</td><td>22000</td><td>22000</td><td>categories</td><td>server connection, peak bucket of wave 1</td></tr></tbody></table>`

// serve runs the pages of f until the test ends. A press adds one to the open
// minute, as the whole line would.
func serve(t *testing.T, f *fakeStore) string {
	t.Helper()
	w := newTestWeb(f, &Notice{
		Text: "This is a reconstruction of 10 March 2025 from published figures; nothing here is happening now.", Title: "About this world", Body: about,
	})
	w.cfg.PollEvery, w.snaps.every = defaultPoll, defaultPoll
	mux := http.NewServeMux()
	w.Register(mux)
	pressed := false
	mux.HandleFunc("POST /s/{service}/report", func(rw http.ResponseWriter, r *http.Request) {
		if r.FormValue("category") == "login" {
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.WriteHeader(http.StatusServiceUnavailable)
			_, _ = rw.Write([]byte(`{"status":503,"detail":"your report was not saved: the disk is full"}`))
			return
		}
		answer := "duplicate"
		if !pressed && r.FormValue("category") == "website" {
			f.change(func() { f.rows[4].Open.Count++ })
			answer, pressed = "counted", true
		}
		http.Redirect(rw, r, "/s/x?report="+answer, http.StatusSeeOther)
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx) // it returns nothing but nil
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	srv := httptest.NewServer(httpd.Secure(mux))
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	return srv.URL
}

var shownPages = []string{
	"/", "/?q=face", "/?q=zzz", "/s/x", "/s/x?report=counted", "/s/x?report=country", "/s/x?report=failed", "/s/youtube",
	"/i/x-20250310T0932Z", "/about", "/about/demo", "/probes", "/nothing",
}

// patience is how long a browser may take on a machine that is busy with other
// tests. How fast a change arrives is held to a second by TestLiveSendsWhatChanged.
const patience = 10 * time.Second

// TestAccessible looks at every page by day and by night, on a phone and on a
// desk. With FAULTLINE_SHOTS=DIR it keeps what it saw.
func TestAccessible(t *testing.T) {
	browsertest.NeedAxe(t)
	b := browsertest.Start(t)
	url := serve(t, xDay())
	empty := serve(t, &fakeStore{})
	shots := os.Getenv("FAULTLINE_SHOTS")
	if shots != "" {
		if err := os.MkdirAll(shots, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	views := map[string]browsertest.View{
		"phone-light": browsertest.Phone, "phone-dark": browsertest.Phone.InDark(),
		"desk-light": browsertest.Desktop, "desk-dark": browsertest.Desktop.InDark(),
	}
	judging := serve(t, judged())
	probed, single := serve(t, probedDay()), serve(t, alone())
	pages := map[string]string{
		"empty": empty + "/", "probed": probed + "/s/x", "probed-incident": probed + "/i/x-20250310T0932Z", "agents": probed + "/agents",
		"alone": single + "/s/x", "judged": judging + "/i/x-20250310T0932Z", "judged-service": judging + "/s/x", "beside": serve(t, besideDay()) + "/s/youtube",
		"cannot":  serve(t, crowdAlone()) + "/i/x-20250310T0932Z",
		"unheard": serve(t, unheard()) + "/i/x-20250310T0932Z",
	}
	for _, p := range shownPages {
		pages[strings.NewReplacer("/", "_", "?", "_", "=", "_").Replace(strings.TrimPrefix(p, "/"))] = url + p
	}
	for page, address := range pages {
		tab := b.Open(t, address, browsertest.View{Width: 360, Height: 740, Phone: true, Zone: "America/St_Johns"})
		tab.WithoutSideScroll() // on the narrowest phone there is
		for name, v := range views {
			t.Logf("%s, %s", page, name)
			v.Zone = "Asia/Kolkata"
			tab.Look(v)
			tab.WithoutSideScroll()
			if shots != "" {
				tab.Screenshot(filepath.Join(shots, name+"-"+page+".png"))
			}
			tab.Accessible()
		}
		tab.Close()
	}
}

// TestPress presses the button with the keyboard and waits for the live count.
func TestPress(t *testing.T) {
	b := browsertest.Start(t)
	url := serve(t, xDay())
	tab := b.Open(t, url+"/s/x", browsertest.Phone)
	tab.Until(`document.querySelector("[data-live-count]").textContent === "431"`, patience)
	browsertest.Eval[bool](tab, `(document.querySelector("details").open = true)`)
	for range 40 {
		if browsertest.Eval[string](tab, `document.activeElement.value ?? ""`) == "website" {
			break
		}
		tab.Press(kb.Tab)
	}
	tab.Press(kb.Enter)
	tab.Until(`document.querySelector("[data-live-count]").textContent === "432"`, patience)
	tab.Until(`document.getElementById("answer").innerText.includes("Thank you")`, patience)
	if said := tab.Text("#say"); !strings.Contains(said, "counted") {
		t.Errorf("a screen reader hears %q", said)
	}
	if at := browsertest.Eval[string](tab, `location.pathname + location.search`); at != "/s/x" {
		t.Errorf("the press led to %s", at)
	}
	if !browsertest.Eval[bool](tab, `document.querySelector("details").open`) {
		t.Error("the update closed what the reader had opened")
	}
	tab.Press(kb.Enter)
	tab.Until(`document.getElementById("answer").innerText.includes("already")`, patience)
}

// TestRefused says why a report was not taken.
func TestRefused(t *testing.T) {
	b := browsertest.Start(t)
	tab := b.Open(t, serve(t, xDay())+"/s/x", browsertest.Phone)
	tab.Click(`button[value="login"]`)
	tab.Until(`document.getElementById("answer").innerText.includes("disk is full")`, patience)
}

// TestWithoutScript does the same in a browser that runs none.
func TestWithoutScript(t *testing.T) {
	b := browsertest.Start(t)
	url := serve(t, xDay())
	v := browsertest.Desktop
	v.NoScript = true
	tab := b.Open(t, url+"/s/x", v)
	tab.Click(`button[value="website"]`)
	tab.Wait(`.answer.ok`)
	if text := tab.Text("#answer"); !strings.Contains(text, "counted") {
		t.Errorf("the page says %q", text)
	}
	if text := tab.Text("noscript"); !strings.Contains(text, "Refresh") {
		t.Errorf("there is no refresh link: %q", text)
	}
}

// TestSearch finds a service by its other name while it is typed, and opens it
// with the keyboard.
func TestSearch(t *testing.T) {
	b := browsertest.Start(t)
	url := serve(t, xDay())
	tab := b.Open(t, url+"/", browsertest.Desktop)
	tab.Until(`document.readyState === "complete"`, patience)
	tab.Press("/")
	tab.Press("twit")
	tab.Until(`document.querySelector("#found a")?.pathname === "/s/x"`, patience)
	tab.Press(kb.ArrowDown)
	tab.Press(kb.Enter)
	tab.Until(`location.pathname === "/s/x"`, patience)
}

// TestLocalTime shows the reader's own time beside UTC.
func TestLocalTime(t *testing.T) {
	b := browsertest.Start(t)
	url := serve(t, xDay())
	v := browsertest.Desktop
	v.Zone = "Asia/Kolkata"
	tab := b.Open(t, url+"/i/x-20250310T0932Z", v)
	tab.Until(`document.querySelector(".waves .local")?.innerText.includes("15:00 for you")`, patience)
	if text := tab.Text(".waves tbody td"); !strings.Contains(text, "09:30 UTC") {
		t.Errorf("the wave is said to begin at %q", text)
	}
}
