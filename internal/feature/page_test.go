package feature

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/features.md anew")

// The reference page lists the vocabulary as it is.
func TestPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Features\n\nThe numbers that a verdict is reached from. Names are stable; a share is from 0 to 1, a ratio is to the same vantage points before,\n" +
		"`yes` is 1 or 0. Only attempts of vantage points that can be believed count, in the minutes in which the service failed. A feature that\n" +
		"cannot be computed is absent: absent is not zero. `faultline observe` takes any of them from others, with its source. This page is\n" +
		"written by `go test ./internal/feature -update`.\n\n| feature | unit | of | what it is |\n| --- | --- | --- | --- |\n")
	for _, w := range Words() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", w.Name, w.Unit, w.Sample, w.Means)
	}
	const file = "../../docs/reference/features.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != b.String() {
		t.Errorf("%s is not the vocabulary (%v): run go test ./internal/feature -run TestPage -update", file, err)
	}
}
