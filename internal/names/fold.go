package names

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a name into the form in which names are compared: lower case,
// without accents, punctuation as single spaces. "Crédit Agricole" and "credit
// agricole" are the same, and so are "e.l.f." and "e l f".
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, c := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, c) || c == '\'' || c == '’':
			continue // an accent, or an apostrophe: McDonald's is mcdonalds
		case unicode.IsLetter(c) || unicode.IsDigit(c) || c == '+' || c == '&':
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteString(plain(unicode.ToLower(c)))
		default:
			gap = true
		}
	}
	return b.String()
}

// plain spells letters that have no decomposition as people type them.
func plain(c rune) string {
	switch c {
	case 'ß':
		return "ss"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'đ':
		return "d"
	case 'ı':
		return "i"
	case '&':
		return "and"
	case '+':
		return "plus"
	}
	return string(c)
}

// MaxDistance is the longest text in bytes that Distance compares; nobody sees a
// slip of the finger in anything longer.
const MaxDistance = 320

// Distance counts the insertions, deletions, replacements and swaps of neighbours
// that turn a into b; anything above limit is limit+1. Ids and folded names are
// mostly ASCII, so it works on bytes.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var rows [3][MaxDistance + 1]int
	if len(b) >= len(rows[0]) {
		return limit + 1
	}
	prev2, prev, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
			best = min(best, row[j])
		}
		if best > limit {
			return limit + 1
		}
		prev2, prev, row = prev, row, prev2
	}
	return min(prev[len(b)], limit+1)
}

// slips is how many typing mistakes a word of this length may have.
func slips(length int) int {
	switch {
	case length < 4:
		return 0
	case length < 8:
		return 1
	}
	return 2
}

// Nearest returns the candidate that s is most likely a misspelling of, or "".
func Nearest(s string, candidates []string) string {
	best, at := "", slips(len(s))+1
	for _, c := range candidates {
		if d := Distance(s, c, at-1); d > 0 && d < at {
			best, at = c, d
		}
	}
	return best
}

// Suggest is the tail of an error about an unknown word.
func Suggest(s string, known []string) string {
	if near := Nearest(s, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ": use one of " + strings.Join(known, ", ")
}

// Closest is the known word that is closest, whatever the distance, for an error that
// should always name one; there must be one.
func Closest(s string, known []string) string {
	if near := Nearest(s, known); near != "" {
		return near
	}
	distance := func(k string) int { return Distance(s, k, len(s)+len(k)) }
	return slices.MinFunc(known, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a, b))
	})
}
