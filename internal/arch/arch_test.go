package arch_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "faultline"
)

// Hard limits of the house style; most code is far below.
const (
	maxFunc = 80  // lines of a function
	maxFile = 500 // lines of a file
)

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Name       string
	Doc        string
	Imports    []string
	GoFiles    []string
	Dir        string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Imports,GoFiles,Dir", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages found: the test looks at the wrong place", len(all))
	}
	return all
}

// row is a line of the package map: | `path` | layer | ...
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([0-4]) \\|")

// layers reads the package map.
func layers(t *testing.T) map[string]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]int{}
	for _, r := range row.FindAllStringSubmatch(string(b), -1) {
		if _, ok := m[module+"/"+r[1]]; ok {
			t.Errorf("docs/ARCHITECTURE.md lists %s twice", r[1])
		}
		m[module+"/"+r[1]], _ = strconv.Atoi(r[2]) // the pattern takes digits only
	}
	return m
}

func TestPackageMap(t *testing.T) {
	have := layers(t)
	for _, p := range packages(t) {
		if _, ok := have[p.ImportPath]; !ok {
			t.Errorf("%s is not on the package map in docs/ARCHITECTURE.md", p.ImportPath)
		}
		delete(have, p.ImportPath)
	}
	for path := range have {
		t.Errorf("docs/ARCHITECTURE.md lists %s, which does not exist", path)
	}
}

// Imports go down, never sideways or up; only the first layer's libraries may
// use each other, and a package may use what stands below it in its own folder.
func TestLayers(t *testing.T) {
	layer := layers(t)
	for _, p := range packages(t) {
		from := layer[p.ImportPath]
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, module+"/") {
				if from == 0 && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
					t.Errorf("%s imports %s: the facts use the standard library only", p.ImportPath, imp)
				}
				continue
			}
			to := layer[imp]
			within := strings.HasPrefix(imp, p.ImportPath+"/") && to <= from
			if to < from || (to == 1 && from == 1) || within {
				continue
			}
			t.Errorf("%s (layer %d) imports %s (layer %d): imports go down", p.ImportPath, from, imp, to)
		}
	}
}

func TestEngines(t *testing.T) {
	layer := layers(t)
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			// The lab reads the log of a hub that has stopped, as nobody else may.
			if layer[imp] == 3 && p.ImportPath != module+"/cmd/faultline" && !inLab(p.ImportPath) {
				t.Errorf("%s imports the engine %s: only cmd/faultline names one", p.ImportPath, imp)
			}
		}
	}
}

// The lab stands on the product and never under it: nothing that is shipped may need
// what breaks it.
func TestLab(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			if inLab(imp) && !inLab(p.ImportPath) {
				t.Errorf("%s imports %s: only the lab imports the lab", p.ImportPath, imp)
			}
		}
	}
}

func inLab(path string) bool { return strings.HasPrefix(path+"/", module+"/lab/") }

// Every package says what it reads and what it writes.
func TestPackageComments(t *testing.T) {
	layer := layers(t)
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if layer[p.ImportPath] != 2 {
			continue
		}
		doc := packageComment(t, p)
		for _, word := range []string{"read", "writ"} {
			if !strings.Contains(doc, word) {
				t.Errorf("the comment of %s does not say what it %ss", p.ImportPath, word)
			}
		}
	}
}

func packageComment(t *testing.T, p pkg) string {
	t.Helper()
	var doc strings.Builder
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		doc.WriteString(f.Doc.Text())
	}
	return doc.String()
}

// timeless are the packages that never read the clock: facts and folds.
var timeless = []string{
	"outage", "internal/scan", "internal/level", "internal/nab", "internal/smallcell",
	"internal/pool", "internal/places", "internal/combine", "internal/onset",
	"internal/judge", "internal/assess", "internal/siblings", "internal/feature", "internal/knowledge", "internal/reason", "internal/casefile",
	"internal/rollup", "internal/detect", "internal/incident", "internal/publish",
}

func TestNoClock(t *testing.T) {
	for _, dir := range timeless {
		each(t, filepath.Join(root, dir), func(path string, f *ast.File, fset *token.FileSet) {
			ast.Inspect(f, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				if ok && x.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
					t.Errorf("%s reads the clock: time is data here", fset.Position(n.Pos()))
				}
				return true
			})
		})
	}
}

func TestSizes(t *testing.T) {
	each(t, root, func(path string, f *ast.File, fset *token.FileSet) {
		if n := fset.File(f.Pos()).LineCount(); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", path, n, maxFile)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFunc {
				t.Errorf("%s: %s has %d lines, more than %d", fset.Position(fn.Pos()), fn.Name.Name, n, maxFunc)
			}
		}
	})
}

// Nothing registers itself: tables are explicit.
func TestNoInit(t *testing.T) {
	each(t, root, func(path string, f *ast.File, fset *token.FileSet) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: an init function", fset.Position(fn.Pos()))
			}
		}
	})
}

// each visits the shipped source below a directory.
func each(t *testing.T, dir string, visit func(string, *ast.File, *token.FileSet)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		visit(path, f, fset)
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("visited %d files below %s: %v", files, dir, err)
	}
}
