package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"faultline/internal/api"
)

// What check prints as JSON is what the document says that it prints: an answer, a
// failure at TLS with a certificate, and a name that does not resolve.
func TestCheckFollowsItsSchema(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>fine</title>"))
	})
	plain, secure := httptest.NewServer(page), httptest.NewTLSServer(page)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schema := registry.Schema(reflect.TypeFor[api.Check](), true, "Check")
	for target, want := range map[string]int{plain.URL: 0, secure.URL: 1, "https://nowhere.invalid/": 1} {
		code, out, errs := command(t.Context(), "", "check", "--json", "--timeout", "2s", target)
		if code != want {
			t.Errorf("%s ends with %d: %s", target, code, errs)
		}
		var value any
		if err := json.Unmarshal([]byte(out), &value); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		var result huma.ValidateResult
		huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
		for _, err := range result.Errors {
			t.Errorf("%s: %v", target, err)
		}
		value.(map[string]any)["colour"] = "red"
		huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
		if len(result.Errors) == 0 {
			t.Error("a field that nobody has described passes")
		}
	}
}
