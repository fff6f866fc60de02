package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// AxeVersion is the version of axe-core that the tests were written with.
const AxeVersion = "4.11.4"

// AxePath is where axe-core is looked for, from the root of the module.
// "make test" puts it there where npm is installed.
const AxePath = ".cache/axe-core/package/axe.min.js"

// axe reads the checker from beside the module, or says how to get it.
func axe() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(AxePath)))
	if err != nil {
		return "", fmt.Errorf("axe-core %s is not there; to run this test: make packages, in the root of the project", AxeVersion)
	}
	return string(b), nil
}

// NeedAxe skips the test where axe-core is not there.
func NeedAxe(t interface {
	Helper()
	Skip(...any)
}) {
	t.Helper()
	if _, err := axe(); err != nil {
		t.Skip(err)
	}
}

// finding is one rule that a page breaks.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// Accessible fails the test for every serious or critical finding of axe-core,
// and logs the others.
func (tab *Tab) Accessible() {
	tab.t.Helper()
	script, err := axe()
	if err != nil {
		tab.t.Skip(err)
	}
	if !Eval[bool](tab, `typeof axe === "object"`) {
		tab.Run(chromedp.Evaluate[chromedp.Void](script))
	}
	found := Eval[[]finding](tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({
		ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => n.html.slice(0, 300) + "\n    " + n.failureSummary)})))`)
	for _, f := range found {
		text := fmt.Sprintf("axe %s (%s): %s\n  %s", f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n  "))
		if f.Impact == "serious" || f.Impact == "critical" {
			tab.t.Error(text)
		} else {
			tab.t.Log(text)
		}
	}
}
