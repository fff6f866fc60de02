package imports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"faultline/internal/scrub"
)

// text cuts a text from outside and keeps it on one line.
func text(s string) string { return scrub.Line(s, maxText) }

// clip shortens what an error quotes.
func clip(s string) string {
	const quoted = 64
	if s = text(s); len(s) > quoted {
		return strings.ToValidUTF8(s[:quoted], "") + "..."
	}
	return s
}

// values takes the top-level objects out of a file of JSON: one a line, one after
// the other, or in one array. It counts lines, and a value that is no JSON costs
// that value only, as long as its braces are paired.
type values struct {
	in   *bufio.Reader
	line int // of the next byte, from 1
	buf  bytes.Buffer
}

// next returns an object and the line it begins on; io.EOF after the last.
func (v *values) next() ([]byte, int, error) {
	if v.line == 0 {
		v.line = 1
	}
	for {
		c, err := v.in.ReadByte()
		switch {
		case err != nil:
			return nil, v.line, err
		case c == '{':
			return v.object()
		case c == '\n':
			v.line++
		case c != ' ' && c != '\t' && c != '\r' && c != '[' && c != ']' && c != ',':
			return nil, v.line, fmt.Errorf("%q stands where an object should begin: write one JSON object a line, or one array of them", c)
		}
	}
}

// object reads on to the brace that closes the object.
func (v *values) object() ([]byte, int, error) {
	begin := v.line
	v.buf.Reset()
	v.buf.WriteByte('{')
	depth, quoted, escaped := 1, false, false
	for depth > 0 {
		c, err := v.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil, begin, errors.New("the file ends within this record: is it whole?")
		}
		if err != nil {
			return nil, begin, fmt.Errorf("read on: %w: is the file whole?", err)
		}
		if v.buf.Len() >= maxValue {
			return nil, begin, fmt.Errorf("the record has more than %d bytes: no source writes such", maxValue)
		}
		v.buf.WriteByte(c)
		switch {
		case c == '\n':
			v.line++
			escaped = false
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && c == '{':
			depth++
		case !quoted && c == '}':
			depth--
		}
	}
	return v.buf.Bytes(), begin, nil
}

// objects hands each object of the file to take, whose error costs that object.
func (s *source) objects(take func(raw []byte) error) error {
	v := &values{in: s.in}
	n := 0
	for ; !s.stopped; n++ {
		raw, line, err := v.next()
		s.line = line
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := take(raw); err != nil && !s.bad(line, err) {
			return nil
		}
	}
	if n == 0 && !s.stopped {
		s.line = 0
		return errors.New("the file has no records: there is nothing to import")
	}
	return nil
}

// decode reads JSON into v and explains what is wrong by the field it is wrong at.
func decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("field %q holds a %s: it should hold a %s", kind.Field, kind.Value, kind.Type)
	}
	if err != nil {
		return fmt.Errorf("decode the record: %w: is it whole?", err)
	}
	return nil
}

// head looks like an object with this key in it.
func hasKey(head []byte, keys ...string) bool {
	head = bytes.TrimLeft(head, " \t\r\n[")
	if !bytes.HasPrefix(head, []byte{'{'}) {
		return false
	}
	for _, k := range keys {
		if bytes.Contains(head, []byte(`"`+k+`"`)) {
			return true
		}
	}
	return false
}

// firstLine is the first line of a file that is not blank, in lower case.
func firstLine(head []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte{'\n'})
	return strings.ToLower(strings.TrimSpace(string(line)))
}
