package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/browsertest"
	"faultline/internal/store"
)

// serve runs the pages of f until the test ends.
func serve(t *testing.T, f *fakeStore) string {
	t.Helper()
	w := newTestWeb(f, &Notice{
		Text: "This is a reconstruction of 10 March 2025 from published figures; nothing here is happening now.", Title: "About this world", Body: "<p>Made up from published figures.</p>",
	})
	mux := http.NewServeMux()
	w.Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	return srv.URL
}

var shownPages = []string{
	"/", "/?q=face", "/?q=zzz", "/s/x", "/s/x?report=counted", "/s/x?report=country", "/s/youtube",
	"/i/x-20250310T0932Z", "/about", "/about/demo", "/nothing",
}

// TestAccessible looks at every page by day and by night, on a phone and on a
// desk. With FAULTLINE_SHOTS=DIR it keeps what it saw.
func TestAccessible(t *testing.T) {
	browsertest.NeedAxe(t)
	b := browsertest.Start(t)
	url := serve(t, xDay())
	empty := serve(t, &fakeStore{})
	shots := os.Getenv("FAULTLINE_SHOTS")
	views := map[string]browsertest.View{
		"phone-light": browsertest.Phone, "phone-dark": browsertest.Phone.InDark(),
		"desk-light": browsertest.Desktop, "desk-dark": browsertest.Desktop.InDark(),
	}
	pages := map[string]string{"empty": empty + "/"}
	for _, p := range shownPages {
		pages[strings.NewReplacer("/", "_", "?", "_", "=", "_").Replace(strings.TrimPrefix(p, "/"))] = url + p
	}
	for name, v := range views {
		v.Zone = "Asia/Kolkata"
		for page, address := range pages {
			t.Run(name+"/"+page, func(t *testing.T) {
				tab := b.Open(t, address, v)
				tab.WithoutSideScroll()
				if shots != "" {
					tab.Screenshot(filepath.Join(shots, name+"-"+page+".png"))
				}
				tab.Accessible()
			})
		}
	}
}

// TestNarrow holds every page into the narrowest phone there is.
func TestNarrow(t *testing.T) {
	b := browsertest.Start(t)
	url := serve(t, xDay())
	for _, p := range shownPages {
		tab := b.Open(t, url+p, browsertest.View{Width: 360, Height: 740, Phone: true, Zone: "America/St_Johns"})
		tab.WithoutSideScroll()
		tab.Close()
	}
}

var _ store.Overviews = (*fakeStore)(nil)
