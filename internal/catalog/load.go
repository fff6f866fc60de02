package catalog

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"faultline/internal/names"
	"faultline/outage"
)

// builtin is the starter catalog: services that people look up, by kind. None of
// its hosts has been verified.
//
//go:embed services/*.yaml
var builtin embed.FS

// Load reads the starter catalog, if asked, and then the files in order. A later
// file replaces a service of the same id as a whole. The services come ordered by
// id. The error is Problems for mistakes in the files, each with its line and
// remedy; nothing is returned beside an error.
func Load(withBuiltin bool, files ...string) ([]outage.Service, error) {
	var sources []source
	if withBuiltin {
		own, err := builtinSources()
		if err != nil {
			return nil, err
		}
		sources = own
	}
	for _, f := range files {
		data, err := readFile(f)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source{f, data})
	}
	return load(sources)
}

// source is one file in memory.
type source struct {
	name string
	data []byte
}

// builtinSources are the embedded files; their names say that they are built in.
func builtinSources() ([]source, error) {
	dir, err := builtin.ReadDir("services")
	if err != nil {
		return nil, fmt.Errorf("read the built-in catalog: %w", err)
	}
	var list []source
	for _, f := range dir {
		data, err := builtin.ReadFile("services/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read the built-in catalog: %w", err)
		}
		list = append(list, source{"built-in " + f.Name(), data})
	}
	return list, nil
}

// readFile reads one more byte than a catalog may have, so that parse can say so.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open catalog file: %w; check the path in the configuration", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read catalog file: %w", err)
	}
	// An editor may have put a byte order mark in front.
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// load is Load without the disk.
func load(sources []source) ([]outage.Service, error) {
	var problems Problems
	var files []string
	byID := map[string]entry{}
	for _, s := range sources {
		files = append(files, s.name)
		entries, wrong := decode(s.name, s.data)
		problems = append(problems, wrong...)
		for _, e := range entries {
			byID[e.service.ID] = e
		}
	}
	all := make([]entry, 0, len(byID))
	for _, e := range byID {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.service.ID, b.service.ID) })
	problems = append(problems, clashes(all, files)...)
	problems = append(problems, strangeProviders(all)...)
	problems = append(problems, strangeDependencies(all)...)
	if err := problems.err(files); err != nil {
		return nil, err
	}
	services := make([]outage.Service, len(all))
	for i, e := range all {
		services[i] = e.service
	}
	return services, nil
}

// clashes finds names and aliases that two services claim: whoever types one must
// find one service. The one that was loaded later gets the blame.
func clashes(all []entry, files []string) Problems {
	inOrder := slices.Clone(all)
	slices.SortStableFunc(inOrder, func(a, b entry) int {
		if d := slices.Index(files, a.file) - slices.Index(files, b.file); d != 0 {
			return d
		}
		return a.line - b.line
	})
	owner := map[string]entry{}
	for _, e := range inOrder {
		owner[foldID(e.service.ID)] = e
	}
	var problems Problems
	claim := func(e entry, what, word string, line int) {
		key := names.Fold(word)
		if key == "" {
			return
		}
		other, taken := owner[key]
		if taken && other.service.ID != e.service.ID {
			problems = append(problems, Problem{e.file, line, fmt.Sprintf(
				"%s %q of service %q belongs to service %q (%s:%d): rename it, or replace that service by one with its id",
				what, word, e.service.ID, other.service.ID, other.file, other.line)})
			return
		}
		owner[key] = e
	}
	for _, e := range inOrder {
		claim(e, "name", e.service.Name, e.line)
		for _, a := range e.service.Aliases {
			claim(e, "alias", a, e.nodes["alias "+a])
		}
	}
	return problems
}

// foldID is the form in which an id is typed into a search box.
func foldID(id string) string { return strings.ReplaceAll(id, "-", " ") }

// strangeProviders finds providers that are most likely a misspelt service:
// providers are free words, so only near misses are mistakes.
func strangeProviders(all []entry) Problems {
	var ids []string
	known := map[string]bool{}
	for _, e := range all {
		ids = append(ids, e.service.ID)
		known[e.service.ID] = true
	}
	var problems Problems
	for _, e := range all {
		for _, p := range e.service.Providers {
			if known[p] {
				continue
			}
			if near := names.Nearest(p, ids); near != "" && names.Distance(p, near, 1) == 1 {
				problems = append(problems, Problem{e.file, e.nodes["provider "+p], fmt.Sprintf(
					"provider %q of service %q: did you mean %q?", p, e.service.ID, near)})
			}
		}
	}
	return problems
}

// strangeDependencies finds dependencies that are no service: nobody would ever hear
// that one of them is out.
func strangeDependencies(all []entry) Problems {
	var ids []string
	known := map[string]bool{}
	for _, e := range all {
		ids = append(ids, e.service.ID)
		known[e.service.ID] = true
	}
	var problems Problems
	for _, e := range all {
		for _, d := range e.service.DependsOn {
			if known[d] {
				continue
			}
			remedy := "add that service to the catalog, or remove it from depends_on"
			if near := names.Nearest(d, ids); near != "" {
				remedy = fmt.Sprintf("did you mean %q?", near)
			}
			problems = append(problems, Problem{e.file, e.nodes["dependency "+d], fmt.Sprintf(
				"service %q depends on %q, which is no service: %s", e.service.ID, d, remedy)})
		}
	}
	return problems
}
