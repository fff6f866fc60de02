package knowledge

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"faultline/internal/plainyaml"
)

//go:embed all:tables
var embedded embed.FS

// Current is the version that verdicts are made with.
const Current = "2026.1"

// maxFiles bounds one folder of a table. The shipped one has a tenth of it; whoever
// reaches it has generated a table, and nobody would read it.
const maxFiles = 200

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
	return plainyaml.Decode(file, data, into, "docs/how-to/add-a-hypothesis.md")
}
