package feature

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"strings"
	"testing"
)

// Every name of the vocabulary has a row, every row a name, and none stands twice.
func TestWordsAreComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "vocabulary.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, x := range v.Values {
				name, err := strconv.Unquote(x.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				names[name] = true
			}
		}
		return true
	})
	seen := map[string]bool{}
	for _, w := range Words() {
		if !names[w.Name] || seen[w.Name] {
			t.Errorf("row %q has no constant, or stands twice", w.Name)
		}
		seen[w.Name] = true
		if w.Unit == "" || w.Sample == "" || strings.HasSuffix(w.Means, ".") || w.Means == "" {
			t.Errorf("row %q is not whole, or its meaning ends with a full stop: %+v", w.Name, w)
		}
		if got, ok := Find(w.Name); !ok || got != w {
			t.Errorf("%q is found as %+v, %v", w.Name, got, ok)
		}
	}
	for name := range names {
		if !seen[name] {
			t.Errorf("%q has no row", name)
		}
	}
	if w, ok := Find("nothing"); ok {
		t.Errorf("a word that there is not is found: %+v", w)
	}
}

// A value that somebody writes down is told from one that the unit does not have.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		value float64
		want  string // empty: nothing is wrong
	}{
		{FailFrac, 0.62, ""}, {FailFrac, 0, ""}, {FailFrac, 1, ""}, {FailFrac, 62, "write 0.62 for 62 %"}, {FailFrac, -0.1, "is a share"},
		{FamilyGap, -0.9, ""}, {FamilyGap, -9, "is a share"}, {RTTRise, -3, ""}, {Attempts, -3, "a number from 0 on"}, {RTTRatio, 40, ""},
		{BGPUnchanged, 1, ""}, {BGPUnchanged, 2, "1 for yes or 0 for no"}, {RTTRatio, math.NaN(), "not a number"}, {RTTRise, math.Inf(-1), "not a number"},
	} {
		w, _ := Find(c.name)
		if err := w.Check(c.value); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %q", c.name, c.value, err, c.want)
		}
	}
}
