package render_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/evtctl/evtctl/commands/internal/render"
)

func TestEscapeShowsWhatATerminalWouldObeyOrAReaderWouldMiss(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"ordinary text stays", "orders-v2.DLT", "orders-v2.DLT"},
		{"other scripts stay", "заказы 注文　キュー طلبات é", "заказы 注文　キュー طلبات é"},
		{"accents written as combining marks stay", "e\u0301", "e\u0301"},
		{"combining marks that would reach what is before", "\u0301\u0302e\u0301\n\u0301", `\u0301\u0302e` + "\u0301" + `\n\u0301`},
		{"line breaks and tabs", "a\nb\rc\td", `a\nb\rc\td`},
		{"a colour sequence", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"a clipboard write", "\x1b]52;c;ZXZpbA==\a", `\x1b]52;c;ZXZpbA==\x07`},
		{"NUL and DEL", "\x00\x7f", `\x00\x7f`},
		{"C1 as a character", "\u009b31m", `\u009b31m`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`},
		{"bytes that aren't UTF-8", "a\xff\xc3(", `a\xff\xc3(`},
		{"the replacement character itself stays", "\ufffd", "\ufffd"},
		{"bidi overrides and isolates", "a\u202eb\u2066c\u200f\u061c", `a\u202eb\u2066c\u200f\u061c`},
		{"zero-width characters", "or\u200bde\u200drs\ufeff\u2060", `or\u200bde\u200drs\ufeff\u2060`},
		{"soft hyphen", "or\u00adders", `or\u00adders`},
		{"line and paragraph separators", "\u2028\u2029\u0085", `\u2028\u2029\u0085`},
		{"blanks that aren't the ordinary one", "a\u00a0b\u2003c", `a\u00a0b\u2003c`},
		{"blank symbols and fillers", "\u2800\u3164\u115f\u034f", `\u2800\u3164\u115f\u034f`},
		{"variation selectors", "x\ufe0f\U000e0100", `x\ufe0f\U000e0100`},
		{"tag characters", "\U000e0041", `\U000e0041`},
		{"private and unassigned code points", "\ue000\u0378", `\ue000\u0378`},
		{"a backslash that means nothing here", `\d+\.\w C:\data`, `\d+\.\w C:\data`},
		{"a backslash that would read as an escape", `C:\new \x1b \u202e \\`, `C:\\new \\x1b \\u202e \\\`},
		{"a backslash before an escaped character", "\\\n", `\\\n`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render.Escape(c.in); got != c.want {
				t.Errorf("Escape(%+q)\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func FuzzEscapeIsSafeAndCanBeReadBack(f *testing.F) {
	for _, seed := range []string{"orders", "\x1b[2J\r\n", `\x1b`, "\\\x1b", `\\`, "\\\\\n", "\u202e\ufe0f\U000e0001", "\xff\xfe", "a\\", `\\n`, "\\\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := render.Escape(text)
		if r, at := firstUnsafe(shown); at >= 0 {
			t.Errorf("Escape(%+q) lets %+q through at %d", text, r, at)
		}
		if back := unescape(t, shown); back != text {
			t.Errorf("Escape(%+q) = %s reads back as %+q", text, shown, back)
		}
	})
}

// firstUnsafe finds what must not reach a terminal on one line. It asks Unicode in its
// own way: by general categories instead of "printable".
func firstUnsafe(s string) (rune, int) {
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		invalid := r == utf8.RuneError && size == 1
		if invalid || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector) ||
			(unicode.Is(unicode.Zs, r) && r != ' ' && r != '\u3000') || strings.ContainsRune("\u2800\u3164\u034f", r) {
			return r, i
		}
	}
	return 0, -1
}

// unescape reads the notation of Escape.
func unescape(t *testing.T, s string) string {
	var b strings.Builder
	lengths := map[byte]int{'x': 2, 'u': 4, 'U': 8}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		next := s[i+1]
		switch digits := lengths[next]; {
		case digits > 0:
			code, err := strconv.ParseUint(s[i+2:min(len(s), i+2+digits)], 16, 32)
			if err != nil {
				t.Fatalf("%s holds a broken escape at %d", s, i)
			}
			if next == 'x' {
				b.WriteByte(byte(code))
			} else {
				b.WriteRune(rune(code))
			}
			i += 1 + digits
		case next == '\\':
			b.WriteByte('\\')
			i++
		case strings.IndexByte("nrt", next) >= 0:
			b.WriteString(map[byte]string{'n': "\n", 'r': "\r", 't': "\t"}[next])
			i++
		default:
			b.WriteByte('\\')
		}
	}
	return b.String()
}
