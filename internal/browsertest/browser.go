// Package browsertest drives a real browser in tests of pages.
//
// It reads pages over loopback through Debian's Chromium and writes nothing but
// a throw-away profile. Tests skip, with the command to install what is absent,
// where there is no Chromium or no axe-core. Limits: one browser for each test
// that asks, and no test may take longer than Timeout.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Timeout ends a browser that hangs: the test fails instead of the whole run.
const Timeout = 5 * time.Minute

// installChromium is what a person has to do where there is no browser.
const installChromium = "no Chromium found; to run this test: apt-get install -y chromium"

// Browser is a running browser.
type Browser struct{ ctx context.Context }

// View is how a page is looked at.
type View struct {
	Width, Height int64
	Dark          bool
	Phone         bool // touch, and two device pixels for one
	NoScript      bool
	Zone          string // IANA name of the reader's time zone, "" for UTC
}

// Views that every page has to stand.
var (
	Phone   = View{Width: 390, Height: 844, Phone: true}
	Desktop = View{Width: 1280, Height: 900}
)

// InDark is the view by night.
func (v View) InDark() View { v.Dark = true; return v }

// Start runs a browser until the test ends, or skips the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are left out with -short")
	}
	path := find()
	if path == "" {
		t.Skip(installChromium)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(time.Minute), // a busy machine starts it slowly
	)
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // the sandbox refuses to run as root
	}
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx}
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Tab is one page in the browser.
type Tab struct {
	t     testing.TB
	ctx   context.Context
	close func()
}

// Close closes the tab before the test ends. A live page holds a connection, and
// a browser opens no more than six to one server over HTTP/1.1.
func (tab *Tab) Close() { tab.close() }

// Open shows a page.
func (b *Browser) Open(t testing.TB, url string, v View) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	tab := &Tab{t, ctx, cancel}
	tab.Look(v)
	tab.Run(chromedp.Navigate(url))
	return tab
}

// Look changes how the page is looked at, without loading it again.
func (tab *Tab) Look(v View) {
	tab.t.Helper()
	scheme, zone := "light", v.Zone
	if v.Dark {
		scheme = "dark"
	}
	if zone == "" {
		zone = "UTC"
	}
	size := []chromedp.EmulateViewportOption{chromedp.EmulateScale(1)}
	if v.Phone {
		size = []chromedp.EmulateViewportOption{chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch}
	}
	tab.Run(chromedp.EmulateViewport(v.Width, v.Height, size...))
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	call(tab, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
}

func call[P any](tab *Tab, command cdp.Command[P, cdp.Empty], params P) {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.ctx, command, params); err != nil {
		tab.t.Fatalf("browser: %s: %v", command.Method, err)
	}
}

// Run performs actions and fails the test when one fails.
func (tab *Tab) Run(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, actions...); err != nil {
		tab.t.Fatalf("browser: %v", err)
	}
}

// Press types keys, such as "a" or [kb.Enter], into whatever has the focus.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.Run(chromedp.KeyEvent(keys))
}

// Click clicks the first element that matches a CSS selector, once it can be.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.Run(chromedp.Click(chromedp.CSS(selector)))
}

// Wait waits until an element that matches a CSS selector can be seen.
func (tab *Tab) Wait(selector string) {
	tab.t.Helper()
	tab.Run(chromedp.Query(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Text is the visible text of the first element that matches a CSS selector.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Eval[string](tab, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// Until waits for a JavaScript expression to become true, over a change of pages
// if need be, or fails after limit.
func (tab *Tab) Until(expression string, limit time.Duration) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if ok && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			tab.t.Fatalf("after %s it is not true that %s (%v)", limit, expression, err)
		case <-tick.C:
		}
	}
}

// pollEvery is how often Until looks.
const pollEvery = 20 * time.Millisecond

// Eval is the value of a JavaScript expression, which may be a promise.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAsValue, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("browser: %s: %v", expression, err)
	}
	return v
}

// Screenshot writes the whole page as a PNG file.
func (tab *Tab) Screenshot(path string) {
	tab.t.Helper()
	png, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Fatalf("take a screenshot: %v", err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}

// WithoutSideScroll fails the test when the page is wider than its window.
func (tab *Tab) WithoutSideScroll() {
	tab.t.Helper()
	type size struct{ Page, Window int }
	s := Eval[size](tab, `({Page: document.documentElement.scrollWidth, Window: document.documentElement.clientWidth})`)
	if s.Page > s.Window {
		tab.t.Errorf("the page is %d px wide in a window of %d px", s.Page, s.Window)
	}
}
