package nab

import (
	"archive/tar"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parts is a benchmark of two small files.
func parts() map[string]string {
	return map[string]string{
		windowsFile: `{"a/x.csv": [["2014-01-01 00:10:00.000000", "2014-01-01 00:15:00.000000"]], "b/y.csv": []}`,
		profilesFile: `{"standard": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 0.11}},
			"reward_low_FP_rate": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 0.22}},
			"reward_low_FN_rate": {"CostMatrix": {"tpWeight": 1, "fnWeight": 2, "fpWeight": 0.11}}}`,
		"data/a/x.csv": "timestamp,value\n2014-01-01 00:05:00,1\n2014-01-01 00:10:00,2\n2014-01-01 00:15:00,-3.5\n",
		"data/b/y.csv": "timestamp,value\n2014-01-01 00:05:00,1e3\n",
	}
}

// unpacked writes the parts into a folder.
func unpacked(t *testing.T, parts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range parts {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// packed writes the parts into an archive.
func packed(t *testing.T, parts map[string]string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), archiveName)
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for part, text := range parts {
		if err := w.WriteHeader(&tar.Header{Name: "./" + part, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{w.Close(), z.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func TestRead(t *testing.T) {
	archive := packed(t, parts())
	for _, name := range []string{unpacked(t, parts()), archive, filepath.Dir(archive)} {
		c, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Files) != 2 || c.Files[0].Name != "a/x.csv" || c.Files[1].Folder != "b" || len(c.Profiles) != 3 {
			t.Fatalf("%+v", c)
		}
		if w := c.Files[0].Windows; len(w) != 1 || w[0] != (Window{1, 2}) {
			t.Errorf("windows %v", w)
		}
		if v := c.Files[0].Values; v[2] != -3.5 {
			t.Errorf("values %v", v)
		}
		if p := c.Profiles[2]; p != (Profile{"reward_low_FN_rate", 1, 2, 0.11}) {
			t.Errorf("profile %+v", p)
		}
	}
}

// TestReadRefuses damages one part at a time; the message names it.
func TestReadRefuses(t *testing.T) {
	for _, x := range []struct{ part, text, want string }{
		{windowsFile, "[", "combined_windows"},
		{windowsFile, `{"a/x.csv": [["2014-01-01 00:11:00.000000", "2014-01-01 00:15:00.000000"]]}`, "no row has that time"},
		{windowsFile, `{"a/x.csv": [["2014-01-01 00:15:00.000000", "2014-01-01 00:10:00.000000"]]}`, "in order"},
		{windowsFile, `{"a/x.csv": [["yesterday", "today"]]}`, "label window"},
		{profilesFile, "{}", "standard is missing"},
		{"data/a/x.csv", "timestamp,value\n2014-01-01 00:05:00,NaN\n", "line 2"},
		{"data/a/x.csv", "timestamp,value\nnoon,1\n", "line 2"},
		{"data/a/x.csv", "timestamp,value\n2014-01-01 00:05:00\n", "wrong number of fields"},
		{"data/a/x.csv", "", "header"},
	} {
		p := parts()
		p[x.part] = x.text
		if _, err := Read(unpacked(t, p)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s with %q: %v, want an error with %q", x.part, x.text, err, x.want)
		}
	}
	for _, name := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := Read(name); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// FuzzParse feeds series and labels that nobody wrote: what is accepted can be scored.
func FuzzParse(f *testing.F) {
	p := parts()
	f.Add([]byte(p["data/a/x.csv"]), []byte(p[windowsFile]))
	f.Add([]byte("timestamp,value\n2014-01-01 00:05:00,1e309\n"), []byte("{}"))
	f.Add([]byte("a,b\n\"2014"), []byte(`{"a/x.csv": [["", ""]]}`))
	f.Fuzz(func(t *testing.T, series, labels []byte) {
		c, err := parse("fuzz", map[string][]byte{
			"data/a/x.csv": series, windowsFile: labels, profilesFile: []byte(p[profilesFile]),
		})
		if err != nil {
			return
		}
		j := NewJudge(c)
		scores, err := c.Run(Perfect)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Check(scores); err != nil {
			t.Fatal(err)
		}
		if got := j.Tally(scores, 1, All); got.FalseRows != 0 {
			t.Errorf("a perfect detector has %d false rows", got.FalseRows)
		}
	})
}
