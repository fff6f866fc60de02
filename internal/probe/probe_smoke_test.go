package probe

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"faultline/outage"
)

func TestLookSmoke(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello")) }))
	defer s.Close()
	target, err := ParseTarget(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	list := New("").Look(t.Context(), Question{Target: target})
	e := Explain(list)
	if e.Health != HealthOK {
		t.Errorf("%+v\n%+v", e, list)
	}
	t.Log(e.Verdict, e.Evidence)
	ts := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer ts.Close()
	target, _ = ParseTarget(ts.URL)
	e = Explain(New("").Look(t.Context(), Question{Target: target}))
	if e.Failure != outage.FailureTLSAuthority {
		t.Errorf("%+v", e)
	}
	t.Log(e.Verdict, e.Evidence)
	target, _ = ParseTarget("tcp://127.0.0.1:1")
	e = Explain(New("").Look(t.Context(), Question{Target: target}))
	t.Log(e.Verdict, e.Evidence)
}
