package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"faultline/internal/names"
)

// MaxFileBytes bounds one catalog file: a thousand services with all their hosts
// are well under half of it. When it is reached the operator must split the file.
const MaxFileBytes = 2 << 20

// maxDepth bounds how deep brackets may nest, which the format never needs
// beyond three; deeper input would only exhaust the parser's stack.
const maxDepth = 32

// MaxLineBytes bounds one line, for the parser's time grows with the square of
// what is nested in a line. When it is reached the operator must break a list of
// more than a hundred hosts into lines.
const MaxLineBytes = 8 << 10

// reading collects what is wrong with one file while it is read.
type reading struct {
	file     string
	problems Problems
}

// wrong notes a mistake at a node.
func (r *reading) wrong(n ast.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: lineOf(n), Text: fmt.Sprintf(format, args...)})
}

// parse reads the YAML syntax. The answer is nil when there is nothing to go on with.
func (r *reading) parse(data []byte) ast.Node {
	if len(data) > MaxFileBytes {
		r.wrong(nil, "the file has %d bytes, more than %d: split it into several files", len(data), MaxFileBytes)
		return nil
	}
	if line, text := hostile(data); line > 0 {
		r.problems = append(r.problems, Problem{r.file, line, text})
		return nil
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		r.problems = append(r.problems, syntaxProblem(r.file, err))
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			r.wrong(doc.Body, "a second document begins here: keep one document in a file and remove the line ---")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		r.wrong(nil, "the file holds no services: begin it with \"services:\" and a list")
	}
	return body
}

// syntaxProblem carries over the parser's own words and position.
func syntaxProblem(file string, err error) Problem {
	p := Problem{File: file, Text: "not valid YAML: " + firstLine(err.Error())}
	var at yaml.Error
	if errors.As(err, &at) {
		p.Text = "not valid YAML: " + firstLine(at.GetMessage())
		if t := at.GetToken(); t != nil && t.Position != nil {
			p.Line = t.Position.Line
		}
	}
	return p
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// hostile finds what would exhaust the parser: the line and what is wrong with it,
// 0 when nothing is. It counts brackets in strings and comments too, where nobody
// writes so many.
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
		if depth > maxDepth {
			return line, fmt.Sprintf("brackets nest deeper than %d: the format needs no more than three levels", maxDepth)
		}
		if i-start >= MaxLineBytes {
			return line, fmt.Sprintf("the line has more than %d bytes: break it into several", MaxLineBytes)
		}
	}
	return 0, ""
}

// lineOf is the line of a node, 0 when it has none.
func lineOf(n ast.Node) int {
	if n == nil {
		return 0
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// fields splits a mapping by key and notes every key that is not known.
func (r *reading) fields(n ast.Node, what string, known ...string) map[string]ast.Node {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.wrong(n, "%s is %s: write keys and values (%s)", what, nodeWord(n), strings.Join(known, ", "))
		return nil
	}
	found := make(map[string]ast.Node, len(values))
	for _, v := range values {
		key := v.Key.GetToken().Value
		switch {
		case !slices.Contains(known, key):
			r.wrong(v.Key, "unknown key %q in %s%s", key, what, names.Suggest(key, known))
		case found[key] != nil:
			r.wrong(v.Key, "key %q appears twice in %s: keep one", key, what)
		default:
			found[key] = v.Value
		}
	}
	return found
}

// list returns the elements of a sequence; a single value stands for a list of one.
func (r *reading) list(n ast.Node, what string, limit int) []ast.Node {
	if n == nil {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if _, scalar := n.(ast.ScalarNode); scalar && n.Type() != ast.NullType {
			return []ast.Node{n}
		}
		r.wrong(n, "%s is %s: write a list such as [one, two]", what, nodeWord(n))
		return nil
	}
	if len(seq.Values) > limit {
		r.wrong(n, "%s has %d entries, more than %d: remove some", what, len(seq.Values), limit)
		return seq.Values[:limit]
	}
	return seq.Values
}

// text reads a scalar as it is written: NO is a country and 3 is a carrier.
func (r *reading) text(n ast.Node, what string) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return r.filled(n, what, v.Value)
	case *ast.LiteralNode:
		return r.filled(n, what, strings.TrimSpace(v.Value.Value))
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return r.filled(n, what, n.GetToken().Value)
	}
	r.wrong(n, "%s is %s: write one word or a quoted text", what, nodeWord(n))
	return "", false
}

func (r *reading) filled(n ast.Node, what, s string) (string, bool) {
	if s == "" {
		r.wrong(n, "%s is empty: fill it in or remove the key", what)
		return "", false
	}
	return s, true
}

// nodeWord names what was found where something else was wanted.
func nodeWord(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "empty"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias, which the format does not have"
	case *ast.TagNode:
		return "a tag, which the format does not have"
	}
	return "a single value"
}
