package feature

import (
	"go/ast"
	"go/parser"
	"go/token"
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
