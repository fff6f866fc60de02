package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"faultline/internal/api"
	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/outage"
)

// BenchmarkAnswers measures the lists and one service among a thousand: made anew
// after every save, and as others have asked for it before.
func BenchmarkAnswers(b *testing.B) {
	s, err := sqlite.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := world()
	for i := range 1000 {
		id := fmt.Sprint("service-", i)
		batch.Services = append(batch.Services, outage.Service{
			ID: id, Name: id, Aliases: []string{"one", "two"}, Homepage: "https://example.com", Categories: outage.DefaultCategories(),
		})
		for m := range outage.Minute(60) {
			batch.Minutes = append(batch.Minutes, store.Minute{Service: id, Minute: start + m, Count: 1})
		}
	}
	if err := s.Save(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	a, err := api.New(api.DefaultConfig(), s, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"/api/v1/services", "/api/v1/services?q=service-77", "/api/v1/services/x", "/api/v1/services/x/series"} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s kept=%t", path, kept), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if !kept {
						if err := s.Save(b.Context(), &store.Batch{Open: []store.Open{{Service: "x", Minute: start + 60, Count: i}}}); err != nil {
							b.Fatal(err)
						}
					}
					res := httptest.NewRecorder()
					a.ServeHTTP(res, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
					if res.Code != http.StatusOK {
						b.Fatal(res.Code, res.Body)
					}
				}
			})
		}
	}
}
