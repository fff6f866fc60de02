package imports

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// failuresPage is docs/reference/import-failures.md, made from the tables that
// translate.
func failuresPage() string {
	var b strings.Builder
	b.WriteString(`# Failures of imported measurements

Made from the program by its tests; do not edit. An error is looked for in lower case; the first
text that it contains decides. What fits nothing becomes ` + "`unknown_failure: ...`" + ` with the
addresses taken out. An empty layer means that the source does not say where it failed.

## OONI

OONI's own strings (data format df-007) are ours and stay as they are. Words of older probes:

| OONI | here |
| --- | --- |
`)
	for _, k := range slices.Sorted(maps.Keys(ooniWords)) {
		fmt.Fprintf(&b, "| `%s` | `%s` |\n", k, ooniWords[k])
	}
	b.WriteString("\n## RIPE Atlas\n\nErrors of sockets (`err`, `error`, and `socket`, `senderror`, `TUCONNECT` of DNS results):\n\n| contains | here |\n| --- | --- |\n")
	for _, p := range socketPhrases {
		fmt.Fprintf(&b, "| %s | `%s` |\n", p.text, p.failure)
	}
	b.WriteString("\nErrors of look-ups (`dnserr`, and `getaddrinfo`, `nameserver` of DNS results):\n\n| contains | here |\n| --- | --- |\n")
	for _, p := range resolvePhrases {
		fmt.Fprintf(&b, "| %s | `%s` |\n", p.text, p.failure)
	}
	b.WriteString("\nDNS answers by their code, TLS alerts by their number:\n\n| code | here |\n| --- | --- |\n")
	for _, r := range []string{"NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR"} {
		fmt.Fprintf(&b, "| %s | `%s` |\n", r, rcodeFailure(r, 0))
	}
	fmt.Fprintf(&b, "| NOERROR without an answer | `%s` |\n", rcodeFailure("NOERROR", 0))
	for _, n := range []int{40, 42, 43, 44, 45, 46, 48, 112} {
		fmt.Fprintf(&b, "| alert %d | `%s` |\n", n, alertFailure(n))
	}
	b.WriteString("\n## Status codes, in every format\n\n| status | here |\n| --- | --- |\n")
	for _, s := range []struct {
		words string
		code  int
	}{{"403", 403}, {"429", 429}, {"500 to 599", 500}, {"other 400 to 499", 404}} {
		fmt.Fprintf(&b, "| %s | `%s` |\n", s.words, statusFailure(s.code))
	}
	b.WriteString("| 520 to 530 of Cloudflare, where the answer names it (OONI) | `x_edge_origin_52x` |\n")
	b.WriteString(`
## Logs that say little

| source | says | here |
| --- | --- | --- |
| statuspage | failed | ` + "`unknown_failure: ...`" + `, layer unknown |
| upptime | down with http_code 0 | ` + "`http_request_failed`" + `, layer unknown |
| upptime | degraded | ` + "`x_slow`" + `, outcome degraded |
| blackbox | probe_success 0 without a status | ` + "`unknown_failure: ...`" + ` at the first phase without a duration |
`)
	return b.String()
}

func reference(name string) string { return filepath.Join("..", "..", "docs", "reference", name) }

func TestFailuresPage(t *testing.T) {
	file := reference("import-failures.md")
	if *update {
		if err := os.WriteFile(file, []byte(failuresPage()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if failuresPage() != string(want) {
		t.Errorf("%s differs from the tables: run with -update", file)
	}
}

// Every translated word is of the closed set.
func TestWords(t *testing.T) {
	for k, f := range ooniWords {
		if !f.Closed() || f == "" {
			t.Errorf("%s becomes %s", k, f)
		}
	}
	for _, p := range slices.Concat(socketPhrases, resolvePhrases) {
		if !p.failure.Closed() || p.text != strings.ToLower(p.text) {
			t.Errorf("%q becomes %s", p.text, p.failure)
		}
	}
}

// The page of the CSV has every column, in the order of the table.
func TestCSVPage(t *testing.T) {
	page, err := os.ReadFile(reference("measurements-csv.md"))
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(string(page)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(rest, "`")
			got = append(got, name)
		}
	}
	for _, c := range columns() {
		want = append(want, c.name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page has %v, the table %v", got, want)
	}
}
