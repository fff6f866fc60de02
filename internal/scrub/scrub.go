// Package scrub cleans text that comes from outside before it is kept or shown: a
// header, a title, an error of somebody else's program.
//
// It reads and returns strings and writes nothing. Method: one line of valid UTF-8
// without control characters, cut at a size; addresses are replaced, for an error
// may name the machine that it came from, and records are published.
//
// Limits: what looks like an address and is none goes too.
package scrub

import (
	"regexp"
	"strings"
)

// Line is the text on one line, at most max bytes of it. Control characters become
// spaces.
func Line(s string, max int) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "")
	}
	return s
}

// addresses finds what looks like an address, with or without a port.
var addresses = regexp.MustCompile(`\[?([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7})(%[0-9a-zA-Z]+)?\]?(:[0-9]+)?`)

// Addresses takes addresses out of a text.
func Addresses(s string) string { return addresses.ReplaceAllString(s, "[scrubbed]") }

// title finds the title of a page.
var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// Title of a page on one line, at most max bytes of it; empty when there is none in
// the bytes that are given.
func Title(page []byte, max int) string {
	m := title.FindSubmatch(page)
	if m == nil {
		return ""
	}
	return strings.Join(strings.Fields(Line(string(m[1]), max)), " ")
}
