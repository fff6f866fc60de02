package probe

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"faultline/outage"
)

// servedRig is what the rig says of itself to whoever runs it in a process of its own.
type servedRig struct {
	Resolver string
	CA       string // PEM
	Targets  []servedFault
}

type servedFault struct {
	Name, URL string
	Failure   outage.Failure // that a look at it ends with, by the limits of an agent
}

// TestRigServer is the whole rig, with the hostile pages, for a process that is to be
// watched: it says on its standard output where everything is, and lives until its
// input ends. Long runs of the agent use it (cmd/faultline).
func TestRigServer(t *testing.T) {
	if os.Getenv("FAULTLINE_RIG_SERVER") == "" {
		t.Skip("runs in another process only")
	}
	ca := newAuthority(t)
	rig := servedRig{
		Resolver: resolver(t),
		CA:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})),
	}
	for _, f := range faults(t, ca) {
		if f.name == "no first byte" { // for an agent it is late, and still in time
			f.failure = ""
		}
		rig.Targets = append(rig.Targets, servedFault{f.name, f.target, f.failure})
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
		}
		hostile(w, r)
	}))
	t.Cleanup(s.Close)
	for path, failure := range map[string]outage.Failure{
		"/endless": "", "/drip": outage.FailureTimeout, "/bomb": "", "/slow": "", "/chain": outage.FailureRedirectLoop,
		"/title": "", "/binary": "", "/hang": outage.FailureTimeout, "/hollow": outage.FailureTooLarge,
	} {
		rig.Targets = append(rig.Targets, servedFault{"hostile " + path[1:], s.URL + path, failure})
	}
	rig.Targets = append(rig.Targets, servedFault{"thousands of addresses", "http://many.example:9/", outage.FailureRefused})
	if err := json.NewEncoder(os.Stdout).Encode(rig); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}
