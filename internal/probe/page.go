package probe

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is what is read from a body that may be HTML.
type page struct {
	title string // on one line
	login bool   // there is a field for a password
}

// readPage reads the beginning of a body; what is not HTML gives the zero page.
func readPage(body []byte) page { return readUntil(body, func(page) bool { return false }) }

// titleOf reads no further than to the title.
func titleOf(body []byte) string {
	return readUntil(body, func(p page) bool { return p.title != "" }).title
}

func readUntil(body []byte, enough func(page) bool) page {
	var out page
	z := html.NewTokenizer(bytes.NewReader(body[:min(len(body), markerBytes)]))
	z.SetMaxBuf(markerBytes)
	inTitle := false
	for !enough(out) {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attributes := z.TagName()
			tag := atom.Lookup(name)
			inTitle = tag == atom.Title && out.title == ""
			if tag == atom.Input && attributes && isPassword(z) {
				out.login = true
			}
		case html.EndTagToken:
			inTitle = false
		case html.TextToken:
			if inTitle {
				out.title = cut(strings.Join(strings.Fields(string(z.Text())), " "))
			}
		}
	}
	return out
}

// isPassword says whether the input that is being read asks for a password.
func isPassword(z *html.Tokenizer) bool {
	for {
		key, value, more := z.TagAttr()
		if string(key) == "type" && strings.EqualFold(string(value), "password") {
			return true
		}
		if !more {
			return false
		}
	}
}
