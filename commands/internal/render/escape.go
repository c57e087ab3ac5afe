package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes foreign text safe to show on a terminal, on one line, with nothing
// hidden in it. What a reader can't see or a terminal would obey is written as Go
// and JSON write it:
//
//   - \n, \r and \t, other control characters as \x1b (C0, DEL) and \u009b (C1);
//   - \u202e and the like for everything Unicode calls unprintable (bidi controls,
//     zero-width and other format characters, line and paragraph separators, blanks
//     that look like the ordinary one, private and unassigned code points) and for
//     the invisible rest: variation selectors, fillers, the blank braille pattern;
//   - \u0301 for a combining mark with nothing of the text's own to combine with: it
//     would change the character before it;
//   - \xff for a byte that isn't UTF-8.
//
// The result can be read back: a backslash of the text itself is doubled where it
// would otherwise look like one of these, that is before a backslash, n, r, t, x, u
// or U. Everywhere else it is left alone, so that regular expressions and most
// paths stay readable.
func Escape(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	own := false // whether a character of the text stands before
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		rest := s[size:]
		switch {
		case r == '\\' && likeEscape(rest):
			b.WriteString(`\\`)
			own = true
		case unsafeAt(r, size) || (!own && unicode.IsMark(r)):
			writeEscaped(&b, r, s[0], size)
			own = false
		default:
			b.WriteString(s[:size])
			own = true
		}
		s = rest
	}
	return b.String()
}

// escapeProse is Escape for sentences that quote foreign text in places, such as an
// error's: no backslash is doubled, since libraries have often quoted the text
// already, and line breaks stay.
func escapeProse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r != '\n' && unsafeAt(r, size) {
			writeEscaped(&b, r, s[0], size)
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// plainASCII reports whether s holds nothing that Escape could change. Nearly all
// text is so.
func plainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// likeEscape reports whether a backslash before rest would read as the start of an
// escape, or as half of a doubled backslash.
func likeEscape(rest string) bool {
	if rest == "" {
		return false
	}
	r, size := utf8.DecodeRuneInString(rest)
	return strings.ContainsRune(`\nrtxuU`, r) || unsafeAt(r, size)
}

// unsafeAt is unsafeRune for a rune as decoded, an invalid byte being unsafe.
func unsafeAt(r rune, size int) bool {
	return unsafeRune(r) || (r == utf8.RuneError && size == 1)
}

// unsafeRune reports whether a terminal or a reader can be fooled by r.
func unsafeRune(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r == '\u3000': // the ideographic blank: ordinary in Japanese, and of its own width
		return false
	case r == '\u2800': // braille pattern blank: a symbol that shows nothing
		return true
	}
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// writeEscaped writes one unsafe rune; first is its first byte.
func writeEscaped(b *strings.Builder, r rune, first byte, size int) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case size == 1:
		fmt.Fprintf(b, `\x%02x`, first)
	case r > 0xffff:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}
