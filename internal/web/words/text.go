package words

import "strings"

// Upper begins a sentence: with a capital, where it begins with a small letter of English.
func Upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// Sentence begins and ends a clause like one.
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	return Upper(s) + "."
}

// WebURL lets only addresses of the web through: the catalog is a file of the
// operator's, but a page must not turn a slip in it into a script.
func WebURL(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}
