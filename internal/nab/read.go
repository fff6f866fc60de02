package nab

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is read; whoever has more splits it.
const (
	maxRows  = 5_000_000
	maxBytes = 1 << 28
	maxFiles = 1000
)

// Where the benchmark keeps its parts.
const (
	windowsFile  = "labels/combined_windows.json"
	profilesFile = "config/profiles.json"
	dataFolder   = "data"
	archiveName  = "nab-data.tar.gz"
)

// Forms of time in the benchmark.
const (
	rowTime   = "2006-01-02 15:04:05"
	labelTime = "2006-01-02 15:04:05.000000"
)

// Read reads the benchmark from its archive (gzip of tar), or from a folder that
// holds the archive, a folder nab with it, or the unpacked benchmark.
func Read(name string) (*Corpus, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read the benchmark: %w: give its archive or its folder", err)
	}
	if !info.IsDir() {
		return readArchive(name)
	}
	for _, inside := range []string{archiveName, path.Join("nab", archiveName)} {
		if full := path.Join(name, inside); exists(full) {
			return readArchive(full)
		}
	}
	if !exists(path.Join(name, windowsFile)) {
		return nil, fmt.Errorf("read the benchmark: %s has neither %s nor %s: give its archive or its folder", name, archiveName, windowsFile)
	}
	return readFolder(name)
}

// exists says whether something is there.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// wanted says whether a part of the benchmark is read, by its path in it.
func wanted(name string) bool {
	return name == windowsFile || name == profilesFile || strings.HasPrefix(name, dataFolder+"/") && path.Ext(name) == ".csv"
}

// readArchive reads the parts from the archive.
func readArchive(name string) (*Corpus, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the benchmark: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w: is it a whole gzip file?", name, err)
	}
	parts := map[string][]byte{}
	left := int64(maxBytes)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		part := strings.TrimPrefix(path.Clean(h.Name), "./")
		if h.Typeflag != tar.TypeReg || !wanted(part) {
			continue
		}
		if left -= h.Size; left < 0 || len(parts) > maxFiles {
			return nil, fmt.Errorf("unpack %s: more than %d bytes or %d files: this is not the benchmark", name, maxBytes, maxFiles)
		}
		if parts[part], err = io.ReadAll(t); err != nil {
			return nil, fmt.Errorf("unpack %s of %s: %w", part, name, err)
		}
	}
	return parse(name, parts)
}

// readFolder reads the parts from the unpacked benchmark.
func readFolder(name string) (*Corpus, error) {
	parts := map[string][]byte{}
	root := os.DirFS(name)
	err := fs.WalkDir(root, ".", func(part string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !wanted(part) {
			return err
		}
		if len(parts) > maxFiles {
			return fmt.Errorf("more than %d files: this is not the benchmark", maxFiles)
		}
		parts[part], err = fs.ReadFile(root, part)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return parse(name, parts)
}

// parse makes a corpus of the parts.
func parse(name string, parts map[string][]byte) (*Corpus, error) {
	var labels map[string][][2]string
	if err := json.Unmarshal(parts[windowsFile], &labels); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", windowsFile, name, err)
	}
	c := &Corpus{}
	var err error
	if c.Profiles, err = parseProfiles(parts[profilesFile]); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", profilesFile, name, err)
	}
	var names []string
	for part := range parts {
		if strings.HasPrefix(part, dataFolder+"/") {
			names = append(names, part)
		}
	}
	slices.Sort(names)
	rows := 0
	for _, part := range names {
		key := strings.TrimPrefix(part, dataFolder+"/")
		f := File{Name: key, Folder: path.Dir(key)}
		if err := f.parse(parts[part], labels[key]); err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", part, name, err)
		}
		if rows += len(f.Values); rows > maxRows {
			return nil, fmt.Errorf("read %s: more than %d rows: split it", name, maxRows)
		}
		c.Files = append(c.Files, f)
	}
	if len(c.Files) == 0 {
		return nil, fmt.Errorf("read %s: no series below %s/", name, dataFolder)
	}
	return c, nil
}

// profileOrder is the order in which the benchmark prints its profiles.
var profileOrder = []string{"standard", "reward_low_FP_rate", "reward_low_FN_rate"}

// parseProfiles reads the weights of the three profiles.
func parseProfiles(text []byte) ([]Profile, error) {
	var raw map[string]struct{ CostMatrix map[string]float64 }
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	var out []Profile
	for _, name := range profileOrder {
		p, ok := raw[name]
		if !ok {
			return nil, fmt.Errorf("the profile %s is missing", name)
		}
		w := p.CostMatrix
		out = append(out, Profile{Name: name, Hit: w["tpWeight"], Miss: w["fnWeight"], FalseRow: w["fpWeight"]})
	}
	return out, nil
}

// parse reads the rows of a series and finds its label windows among them.
func (f *File) parse(text []byte, labels [][2]string) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.ReuseRecord, r.FieldsPerRecord = true, 2
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("read the header: %w", err)
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		at, err := time.Parse(rowTime, row[0])
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("line %d: %q is not a number", line, row[1])
		}
		f.Times, f.Values = append(f.Times, at), append(f.Values, v)
	}
	for _, l := range labels {
		w, err := f.window(l)
		if err != nil {
			return err
		}
		f.Windows = append(f.Windows, w)
	}
	return nil
}

// window finds the rows of a label; of rows that share a time the first counts.
func (f *File) window(label [2]string) (Window, error) {
	var rows [2]int
	for i, text := range label {
		at, err := time.Parse(labelTime, text)
		if err != nil {
			return Window{}, fmt.Errorf("label window %v: %w", label, err)
		}
		if rows[i] = slices.IndexFunc(f.Times, at.Equal); rows[i] < 0 {
			return Window{}, fmt.Errorf("label window %v: no row has that time", label)
		}
	}
	w := Window{First: rows[0], Last: rows[1]}
	if n := len(f.Windows); w.Last < w.First || n > 0 && f.Windows[n-1].Last >= w.First {
		return Window{}, fmt.Errorf("label window %v: windows must be in order and apart", label)
	}
	return w, nil
}
