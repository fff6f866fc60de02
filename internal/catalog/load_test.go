package catalog

import "testing"

func TestX(t *testing.T) {
	s, err := Load(true)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(s))
}
