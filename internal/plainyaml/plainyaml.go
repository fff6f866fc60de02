// Package plainyaml decodes YAML that people write by hand - and that may be anybody's
// - into structs: one document, no tags, anchors or aliases, no key that nobody knows,
// nothing that would exhaust the parser. Errors name the file and the line.
//
// It reads bytes and writes nothing.
package plainyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds of what is parsed. The files that this is for have a tenth of each.
const (
	MaxBytes     = 1 << 20
	maxLineBytes = 4 << 10 // the parser's time grows with the square of what is nested in a line
	maxNesting   = 16
)

// ErrEmpty is a file that holds nothing, or comments alone.
var ErrEmpty = errors.New("the file is empty")

// Form is a sort of file.
type Form struct {
	Remedy string // where it is described
	Most   int    // bytes; 0: MaxBytes
}

// Decode reads one file into a struct. The remedy is where its form is described.
func Decode(name string, data []byte, into any, remedy string) error {
	return Form{Remedy: remedy}.Decode(name, data, into)
}

// Decode reads one file into a struct.
func (f Form) Decode(name string, data []byte, into any) error {
	remedy, most := f.Remedy, cmp.Or(f.Most, MaxBytes)
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // with which some editors begin a file
	if len(data) > most {
		return fmt.Errorf("%s: the file has more than %d bytes: split it", name, most)
	}
	if line, fault := hostile(data); fault != "" {
		return fmt.Errorf("%s:%d: %s", name, line, fault)
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return mistake(name, nil, err, remedy)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body != nil:
			return fmt.Errorf("%s:%d: a second document begins here: keep one and remove the line ---", name, lineOf(doc.Body))
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return fmt.Errorf("%s: %w: see %s for the form", name, ErrEmpty, remedy)
	}
	var odd oddities
	ast.Walk(&odd, body)
	if odd.node != nil {
		return fmt.Errorf("%s:%d: tags, anchors and aliases are not taken: write the value itself", name, lineOf(odd.node))
	}
	if err := yaml.NewDecoder(strings.NewReader(""), yaml.Strict()).DecodeFromNode(body, into); err != nil {
		return mistake(name, body, err, remedy)
	}
	return nil
}

// oddities finds the first node that a plain file does not have.
type oddities struct{ node ast.Node }

// Visit implements [ast.Visitor].
func (o *oddities) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.TagNode, *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		o.node = n
	}
	if o.node != nil {
		return nil
	}
	return o
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// mistake turns the parser's words into one line with the place.
func mistake(name string, body ast.Node, err error, remedy string) error {
	text, line := err.Error(), 0
	var at yaml.Error
	if errors.As(err, &at) {
		text = at.GetMessage()
		if t := at.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	} else if body != nil { // of a type that decodes itself, such as a time
		q := quoted{text: text}
		ast.Walk(&q, body)
		line = q.line
	}
	var kind *yaml.TypeError
	if errors.As(err, &kind) && kind.DstType != nil {
		text = "here stands " + kindOf(kind.SrcType) + " and not " + kindOf(kind.DstType)
	}
	var node *yaml.UnexpectedNodeTypeError
	if errors.As(err, &node) {
		text = "here stands " + nodeOf(node.Actual) + " and not " + nodeOf(node.Expected)
	}
	if line > 0 {
		name = fmt.Sprintf("%s:%d", name, line)
	}
	text, _, _ = strings.Cut(text, "\n")
	return fmt.Errorf("%s: %s: see %s for the form", name, strings.ToValidUTF8(text, "?"), remedy)
}

// kindOf says what a value is to those who write one.
func kindOf(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a time such as 10s"
	}
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.String:
		return "a word"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a group of keys"
	}
	return "a number" // the forms have no other kinds
}

// nodeOf is kindOf of what was read.
func nodeOf(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return kindOf(reflect.TypeFor[[]string]())
	case ast.MappingType, ast.MappingValueType:
		return kindOf(reflect.TypeFor[struct{}]())
	case ast.NullType:
		return kindOf(nil)
	case ast.StringType, ast.LiteralType:
		return kindOf(reflect.TypeFor[string]())
	case ast.BoolType:
		return kindOf(reflect.TypeFor[bool]())
	}
	return kindOf(reflect.TypeFor[float64]())
}

// quoted finds the first word that an error quotes.
type quoted struct {
	text string
	line int
}

// Visit implements [ast.Visitor].
func (q *quoted) Visit(n ast.Node) ast.Visitor {
	if s, ok := n.(*ast.StringNode); ok && q.line == 0 && strings.Contains(q.text, strconv.Quote(s.Value)) {
		q.line = lineOf(n)
	}
	if q.line > 0 {
		return nil
	}
	return q
}

// hostile finds what would exhaust the parser: the line, and what is wrong with it.
func hostile(data []byte) (int, string) {
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
			return line, fmt.Sprintf("brackets nest deeper than %d: the form needs two levels", maxNesting)
		}
		if i-start >= maxLineBytes {
			return line, fmt.Sprintf("the line has more than %d bytes: break it", maxLineBytes)
		}
	}
	return 0, ""
}
