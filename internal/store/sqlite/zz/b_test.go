package zz

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/internal/web"
	"faultline/outage"
)

type clk struct{}

func (clk) Now() time.Time                                   { return benchEnd.Time() }
func (clk) WaitUntil(ctx context.Context, _ time.Time) error { return nil }

func BenchmarkPages(b *testing.B) {
	dir := "/tmp/webbench"
	var s *sqlite.Store
	var err error
	if _, e := os.Stat(dir + "/done"); e == nil {
		s, err = sqlite.Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
	} else {
		os.MkdirAll(dir, 0o755)
		s = benchStore(b, dir)
		os.WriteFile(dir+"/done", nil, 0o644)
	}
	defer s.Close()
	w := web.New(web.Config{PollEvery: time.Nanosecond}, web.Deps{Store: s, Clock: clk{}})
	mux := http.NewServeMux()
	w.Register(mux)
	closed := benchEnd - 1
	n := 0
	for _, path := range []string{"/", "/s/service-0003", "/s/service-0500"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				n++
				b.StopTimer()
				if err := s.Save(b.Context(), &store.Batch{Open: []store.Open{{Service: "service-0003", Minute: closed + 1, Count: n}, {Service: "service-0500", Minute: closed + 1, Count: n}}}); err != nil {
					_ = err
				}
				b.StartTimer()
				rec := httptest.NewRecorder()
				mux.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
				if rec.Code != 200 {
					b.Fatal(rec.Code)
				}
			}
			b.ReportMetric(float64(w.Len()), "pages")
		})
	}
	_ = outage.Hour
}
