package agentapi

import "testing"

// Nothing is said in the clear over a network, whatever the name of the hub leads to.
func TestReach(t *testing.T) {
	for _, good := range []string{"https://status.example", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080/", "http://127.9.9.9"} {
		if _, err := ParseHub(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "status.example", "http://status.example", "http://192.0.2.7", "ftp://127.0.0.1", "https://u:p@status.example"} {
		if u, err := ParseHub(bad); err == nil {
			t.Errorf("%s passes as %s", bad, u)
		}
	}
	if err := loopbackOnly("tcp", "198.51.100.7:80", nil); err == nil {
		t.Error("localhost may lead out of this machine")
	}
	if err := loopbackOnly("tcp", "127.0.0.1:80", nil); err != nil {
		t.Error(err)
	}
}
