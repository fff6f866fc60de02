package knowledge

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed all:tables
var embedded embed.FS

// Current is the version that verdicts are made with.
const Current = "2026.1"

// Bounds of a table. The shipped one has a tenth of each; whoever reaches one has
// generated a table, and nobody would read it.
const (
	maxFileBytes = 1 << 20
	maxLineBytes = 4 << 10 // the parser's time grows with the square of what is nested in a line
	maxNesting   = 16
	maxFiles     = 200 // in one folder
)

// Versions lists the tables inside the program, the oldest first.
func Versions() []string {
	dirs, err := embedded.ReadDir("tables")
	if err != nil {
		return nil // the folder is part of the program
	}
	var versions []string
	for _, d := range dirs {
		versions = append(versions, d.Name())
	}
	return versions
}

// Open loads a table by its version, or from a directory of somebody's own.
func Open(versionOrDir string) (*Table, error) {
	if slices.Contains(Versions(), versionOrDir) {
		sub, err := fs.Sub(embedded, path.Join("tables", versionOrDir))
		if err != nil {
			return nil, fmt.Errorf("read knowledge table %s: %w", versionOrDir, err)
		}
		return Load(sub)
	}
	if info, err := os.Stat(versionOrDir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("knowledge table %q is neither a version (%s) nor a directory: give one of these",
			versionOrDir, strings.Join(Versions(), ", "))
	}
	t, err := Load(os.DirFS(versionOrDir))
	if err != nil {
		return nil, fmt.Errorf("knowledge table in %s: %w", versionOrDir, err)
	}
	return t, nil
}

// Load reads the table in a directory and checks all of it: the error names every
// mistake with its file and the line or entry.
func Load(dir fs.FS) (*Table, error) {
	t := &Table{}
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var head struct {
		Version string  `yaml:"version"`
		Title   string  `yaml:"title"`
		About   string  `yaml:"about"`
		Groups  []Group `yaml:"groups"`
		Pairs   []Pair  `yaml:"pairs"`
		Rules   Rules   `yaml:"rules"`
	}
	add(read(dir, "table.yaml", &head))
	t.Version, t.Title, t.About, t.Groups, t.Pairs, t.Rules = head.Version, head.Title, head.About, head.Groups, head.Pairs, head.Rules
	var cited struct {
		Sources []Source `yaml:"sources"`
	}
	add(read(dir, "sources.yaml", &cited))
	t.Sources = cited.Sources
	add(each(dir, "signs", func(file string) error {
		var f struct {
			Signs []Sign `yaml:"signs"`
		}
		err := read(dir, file, &f)
		t.Signs = append(t.Signs, f.Signs...)
		return err
	}))
	add(each(dir, "hypotheses", func(file string) error {
		h := Hypothesis{ID: strings.TrimSuffix(path.Base(file), ".yaml")}
		err := read(dir, file, &h)
		t.Hypotheses = append(t.Hypotheses, h)
		return err
	}))
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	t.sort()
	if err := t.validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// sort puts every list into the order of ids, so that nothing depends on files.
func (t *Table) sort() {
	slices.SortStableFunc(t.Sources, func(a, b Source) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(t.Groups, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(t.Signs, func(a, b Sign) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(t.Hypotheses, func(a, b Hypothesis) int { return cmp.Compare(a.ID, b.ID) })
	for i := range t.Hypotheses {
		slices.SortStableFunc(t.Hypotheses[i].Signs, func(a, b Weight) int { return cmp.Compare(a.Sign, b.Sign) })
	}
}

// each visits the YAML files of a folder in order of their names.
func each(dir fs.FS, folder string, visit func(file string) error) error {
	files, err := fs.ReadDir(dir, folder)
	if err != nil {
		return fmt.Errorf("read folder %s: %w; a table needs table.yaml, sources.yaml, signs/ and hypotheses/", folder, err)
	}
	if len(files) > maxFiles {
		return fmt.Errorf("%s has %d files, more than %d: remove some", folder, len(files), maxFiles)
	}
	var faults []error
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".yaml") {
			faults = append(faults, visit(path.Join(folder, f.Name())))
		}
	}
	return errors.Join(faults...)
}

// read decodes one file; keys that nobody knows are mistakes.
func read(dir fs.FS, file string, into any) error {
	data, err := fs.ReadFile(dir, file)
	if err != nil {
		return fmt.Errorf("read %s: %w; a table needs table.yaml, sources.yaml, signs/ and hypotheses/", file, err)
	}
	return decode(file, data, into)
}

// decode reads YAML that may be anybody's: what would exhaust the parser is refused
// before it sees it.
func decode(file string, data []byte, into any) error {
	if err := hostile(data); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := d.Decode(into); err != nil {
		return mistake(file, err)
	}
	return nil
}

// mistake turns the parser's words into one line with the place.
func mistake(file string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) {
		first, _, _ := strings.Cut(at.GetMessage(), "\n")
		if t := at.GetToken(); t != nil && t.Position != nil {
			return fmt.Errorf("%s:%d: %s: see docs/how-to/add-a-hypothesis.md for the form", file, t.Position.Line, first)
		}
		return fmt.Errorf("%s: %s: see docs/how-to/add-a-hypothesis.md for the form", file, first)
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s: %s: see docs/how-to/add-a-hypothesis.md for the form", file, first)
}

// hostile finds what would exhaust the parser.
func hostile(data []byte) error {
	if len(data) > maxFileBytes {
		return fmt.Errorf("the file has %d bytes, more than %d: split it", len(data), maxFileBytes)
	}
	depth, line, start := 0, 1, 0
	for i, c := range data {
		switch c {
		case '\n':
			line++
			start = i + 1
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > maxNesting {
			return fmt.Errorf("line %d: brackets nest deeper than %d: the form needs two levels", line, maxNesting)
		}
		if i-start >= maxLineBytes {
			return fmt.Errorf("line %d has more than %d bytes: break it", line, maxLineBytes)
		}
	}
	return nil
}
