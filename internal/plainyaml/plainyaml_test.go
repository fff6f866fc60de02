package plainyaml

import (
	"strings"
	"testing"
	"time"

	"faultline/outage"
)

type form struct {
	Name string        `yaml:"name"`
	List []float64     `yaml:"list"`
	Span time.Duration `yaml:"span"`
	At   outage.Minute `yaml:"at"`
	In   *struct {
		A float64 `yaml:"a"`
	} `yaml:"in"`
}

func TestDecode(t *testing.T) {
	var f form
	if err := Decode("x.yaml", []byte("\ufeffname: a\nlist: [1, 2.5]\nin: {a: 3}\n"), &f, "the book"); err != nil {
		t.Fatal(err)
	}
	if f.Name != "a" || len(f.List) != 2 || f.In == nil || f.In.A != 3 {
		t.Errorf("%+v", f)
	}
}

func TestMistakes(t *testing.T) {
	cases := map[string]string{
		"":                                   "x.yaml: the file is empty: see the book",
		"name: a\nnmae: b\n":                 "x.yaml:2: ",
		"name: a\nname: b\n":                 "x.yaml:2: ",
		"list: {a: 1}\n":                     "x.yaml:1: ",
		"name: [\n":                          "x.yaml:",
		"a: &x 1\nb: *x\n":                   "tags, anchors and aliases",
		"list:\n !0 000000000000":            "tags, anchors and aliases",
		"name: a\n---\nname: b\n":            "x.yaml:3: a second document",
		strings.Repeat("[", 20):              "brackets nest deeper",
		"name: " + strings.Repeat("a", 5000): "the line has more than",
		strings.Repeat("#\n", MaxBytes):      "x.yaml: the file has more than",
		"name: a\nlist: [1, high]\n":         "x.yaml:2: here stands a word and not a number: see the book",
		"list: high\n":                       "x.yaml:1: here stands a word and not a list",
		"in: [3]\n":                          "x.yaml:1: here stands a list and not a group of keys",
		"hello\n":                            "x.yaml:1: here stands a word and not a group of keys",
		"span: 10\n":                         "x.yaml:1: here stands a number and not a time such as 10s",
		"name: a\nspan: soon\n":              `x.yaml:2: time: invalid duration "soon": see the book`,
		"name: a\n\nat: yesterday\n":         `x.yaml:3: parse minute "yesterday": want a time such as`,
	}
	for in, want := range cases {
		var f form
		if err := Decode("x.yaml", []byte(in), &f, "the book"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q in it", in, err, want)
		}
	}
}

// No input stops the program.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: a\nlist: [1, 2.5]\nin: {a: 3}\n"))
	f.Add([]byte("list:\n !0 000000000000"))
	f.Add([]byte("? a\n: b\n<<: {name: c}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out form
		if err := Decode("x.yaml", data, &out, "the book"); err != nil && err.Error() == "" {
			t.Fatal("a mistake without words")
		}
	})
}
