package knowledge

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestShippedTablesLoad(t *testing.T) {
	if len(Versions()) == 0 {
		t.Fatal("no table is embedded")
	}
	for _, v := range Versions() {
		table, err := Open(v)
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if table.Version != v {
			t.Errorf("the table in folder %s says that it is version %s", v, table.Version)
		}
	}
	if _, err := Open(Current); err != nil {
		t.Fatal(err)
	}
}

// shipped copies the current table, so that a test can spoil one file of it.
func shipped(t testing.TB) fstest.MapFS {
	t.Helper()
	root := path.Join("tables", Current)
	copied := fstest.MapFS{}
	err := fs.WalkDir(embedded, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(name)
		copied[strings.TrimPrefix(name, root+"/")] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// Every mistake is named with its place and what to do.
func TestMistakes(t *testing.T) {
	const hyp = "hypotheses/network-dos.yaml"
	cases := []struct{ name, file, old, new, want string }{
		{"not YAML", "table.yaml", "version:", "version: [", "table.yaml:"},
		{"unknown key", hyp, "class: attack", "clas: attack", hyp + ":2: unknown field"},
		{"unknown class", hyp, "class: attack", "class: assault", `unknown class "assault": use one of attack, internal`},
		{"odd band", hyp, "sign: mixed-connects, present: 1,", "sign: mixed-connects, present: 0.7,", `sign "mixed-connects": 0.7 is no band: use -2`},
		{"unknown sign", hyp, "sign: mixed-connects,", "sign: mixed-conects,", `unknown sign "mixed-conects": did you mean "mixed-connects"?`},
		{"unknown source", hyp, "source: wikipedia-2019", "source: wikipedia-2091", `unknown source "wikipedia-2091": did you mean`},
		{"prior", hyp, "share: 0.02", "share: 0.5", "the shares of all priors add up to 1.4"},
		{"unknown feature", "signs/names.yaml", "feature: dns_nxdomain_share", "feature: dns_nxdomian_share", `unknown feature "dns_nxdomian_share": did you mean "dns_nxdomain_share"?`},
		{"both present and absent", "signs/names.yaml", "absent: {to: 0.1}", "absent: {to: 0.6}", "a value can be both present and absent"},
		{"turned round", "signs/connections.yaml", "present: {from: 0.03, to: 0.9}", "present: {from: 0.9, to: 0.03}", "begins after it ends: swap from and to"},
		{"placeholder", "signs/names.yaml", "for {value} of", "for {share} of", "unknown placeholder {share}"},
		{"unknown group", "signs/names.yaml", "group: names", "group: name", `unknown group "name": did you mean "names"?`},
		{"pair", "table.yaml", "between: [edge-config, code-deploy]", "between: [edge-config, code-deplot]", `unknown hypothesis "code-deplot"`},
		{"how it decides", "table.yaml", "siblings-fine present", "siblings-fine seen", `decided by "siblings-fine seen": write the sign alone, or present or absent behind it`},
		{"rule", "table.yaml", "  margin: 1\n", "", "a rule is missing"},
		{"nesting", "table.yaml", "title:", "x: " + strings.Repeat("[", 99) + "\ntitle:", "brackets nest deeper than 16"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := shipped(t)
			before := string(dir[c.file].Data)
			after := strings.ReplaceAll(before, c.old, c.new)
			if after == before {
				t.Fatalf("%s does not hold %q", c.file, c.old)
			}
			dir[c.file].Data = []byte(after)
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestMissingFiles(t *testing.T) {
	for _, gone := range []string{"table.yaml", "sources.yaml"} {
		dir := shipped(t)
		delete(dir, gone)
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), gone) {
			t.Errorf("without %s: %v", gone, err)
		}
	}
	if _, err := Open("1999.1"); err == nil || !strings.Contains(err.Error(), Current) {
		t.Errorf("an unknown version: %v, want those that there are", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("an empty directory is a table")
	}
}

// example is a block of YAML of the page that says how a hypothesis is added.
func example(t *testing.T, block int) []byte {
	t.Helper()
	page, err := os.ReadFile("../../docs/how-to/add-a-hypothesis.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```yaml\n")
	if len(parts) <= block {
		t.Fatalf("the page has no block %d", block)
	}
	text, _, _ := strings.Cut(parts[block], "```")
	return []byte(text)
}

// A hypothesis is added with one file, that of the page, and nothing else names it.
func TestAddingAHypothesisTakesOneFile(t *testing.T) {
	dir := shipped(t)
	dir["hypotheses/solar-storm.yaml"] = &fstest.MapFile{Data: example(t, 1)}
	table, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := table.Hypothesis("solar-storm")
	if h == nil || h.Title != "a storm on the sun" {
		t.Fatalf("the hypothesis was not found: %+v", h)
	}
	if up, down := speaking(h); up < 2 || down < 2 {
		t.Errorf("the example has %d signs for it and %d against", up, down)
	}
	dir["signs/more.yaml"] = &fstest.MapFile{Data: []byte("signs:\n" + strings.Replace(string(example(t, 2)), "elsewhere-fails", "sun-spots", 1))}
	if table, err = Load(dir); err != nil || table.Sign("sun-spots") == nil {
		t.Errorf("the sign of the page: %v", err)
	}
}

// speaking counts the signs that can speak for a hypothesis, and against it.
func speaking(h *Hypothesis) (up, down int) {
	for _, w := range h.Signs {
		if w.Present > 0 || w.Absent > 0 {
			up++
		}
		if w.Present < 0 || w.Absent < 0 {
			down++
		}
	}
	return up, down
}

// Every source is cited, and every hypothesis can be told for and against.
func TestShippedTableIsWhole(t *testing.T) {
	table, err := Open(Current)
	if err != nil {
		t.Fatal(err)
	}
	cited := map[string]bool{}
	for i := range table.Pairs {
		cited[table.Pairs[i].Source] = true
	}
	used := map[string]bool{}
	for i := range table.Hypotheses {
		h := &table.Hypotheses[i]
		cited[h.Prior.Source] = true
		for _, w := range h.Signs {
			cited[w.Source] = true
			used[w.Sign] = true
		}
		up, down := speaking(h)
		if up < 2 || down < 2 {
			t.Errorf("%s: %d signs speak for it and %d against: a hypothesis that nothing can refute is none", h.ID, up, down)
		}
	}
	for i := range table.Sources {
		if s := &table.Sources[i]; !cited[s.ID] {
			t.Errorf("sources.yaml: nothing rests on %s: remove it", s.ID)
		}
	}
	for _, s := range []string{"waves", "vendor-admits"} {
		used[s] = true // looked at, told, and without weight
	}
	for i := range table.Signs {
		if s := &table.Signs[i]; !used[s.ID] {
			t.Errorf("signs: no hypothesis weighs %s: remove it", s.ID)
		}
	}
}

// An observer need not say how much a number is of: "an unknown number of" stands there
// then, and what is counted must follow.
func TestCountsAreOfSomething(t *testing.T) {
	table, err := Open(Current)
	if err != nil {
		t.Fatal(err)
	}
	count := regexp.MustCompile(`\{(sample|vantages|networks)\}`)
	noun := regexp.MustCompile(`\{(sample|vantages|networks)\} ([a-z-]+ )?(addresses|agents|answers|attempts|connects|errors|files|handshakes|looks?|look-ups|` +
		`ones|pairs|points|questions|reports|requests|services|steps|traces|ways)\b`)
	for i := range table.Signs {
		s := &table.Signs[i]
		for _, text := range []string{s.Says.Present, s.Says.Absent} {
			if a, b := len(count.FindAllString(text, -1)), len(noun.FindAllString(text, -1)); a != b {
				t.Errorf("%s: a count is not followed by what it counts: %s", s.ID, text)
			}
		}
	}
}

// No input makes the parser stop the program.
func FuzzLoad(f *testing.F) {
	whole := shipped(f)
	f.Add("signs", whole["signs/outside.yaml"].Data)
	f.Add("hypotheses", whole["hypotheses/certificate.yaml"].Data)
	f.Add("table", whole["table.yaml"].Data)
	f.Add("signs", []byte("signs:\n  - {id: a, present: {from: .nan}}"))
	f.Add("signs", []byte("signs:\n  - {id: a, group: g, feature: syn_loss, present: {from: 0.1}, says: {present: x}, look: y}"))
	f.Add("hypotheses", smallest("0.5"))
	f.Add("hypotheses", []byte("title: t\nclass: internal\nprose: p\nprior: {share: .nan, source: a, why: w}\n"))
	f.Add("sources", []byte("sources: [{id: a, text: b}, {id: a}]"))
	f.Fuzz(func(t *testing.T, what string, data []byte) {
		small := fstest.MapFS{
			"table.yaml": {Data: []byte("version: x\nrules: {attempts: 1, vantages: 1, networks: 1, gained: 1, margin: 1, clear: 1, pair: 1, support: 1, " +
				"observers: {sign: 1, source: 1, all: 1}}\ngroups: [{id: g, name: n, cap: 1, why: w}]\n")},
			"sources.yaml":      {Data: []byte("sources: [{id: a, text: b}]\n")},
			"signs/none.yaml":   {Data: []byte("signs: []\n")},
			"hypotheses/h.yaml": {Data: smallest("0.5")},
			"hypotheses/i.yaml": {Data: smallest("0.5")},
		}
		file := map[string]string{"table": "table.yaml", "sources": "sources.yaml", "signs": "signs/x.yaml"}[what]
		if file == "" {
			file = "hypotheses/h.yaml"
		}
		small[file] = &fstest.MapFile{Data: data}
		table, err := Load(small)
		if err == nil && (table.Version == "" || len(table.Hypotheses) < 2) {
			t.Fatal("a table without version or hypotheses loads")
		}
	})
}

// smallest is a hypothesis with as little as there can be.
func smallest(share string) []byte {
	return []byte("title: t\nclass: internal\nprose: p\nprior: {share: " + share + ", source: a, why: w}\nchain: {mechanism: {text: m}, visible: {text: v}}\n")
}
