package render

import (
	"bytes"
	"testing"
)

func TestProseIsWrappedAtBlanksAndSetIn(t *testing.T) {
	for name, test := range map[string]struct {
		width int
		first string
		text  string
		want  string
	}{
		"a line that fits":            {40, "", "one two", "one two\n"},
		"a line that is just full":    {20, "", "12345678901234 12345", "12345678901234 12345\n"},
		"a line that is one too long": {20, "", "12345678901234 123456", "12345678901234\n123456\n"},
		"the rest is set in":          {24, "a) ", "one two three four five six", "a) one two three four\n   five six\n"},
		"a long word stays whole":     {20, "", "a reader-field-missing-default-value b", "a\nreader-field-missing-default-value\nb\n"},
		"wide characters":             {20, "", "日本語日本語 日本語日本語", "日本語日本語\n日本語日本語\n"},
		"nothing":                     {20, "a) ", "", "a)\n"},
		"no terminal":                 {0, "", "12345678901234567890 12345678901234567890 12345678901234567890 1234567890123456 3", "12345678901234567890 12345678901234567890 12345678901234567890 1234567890123456\n3\n"},
		"escapes":                     {40, "", "a\x1b[31mred", "a\\x1b[31mred\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := &Streams{Out: &out, OutTTY: test.width > 0, Width: test.width}
			if err := Prose(s, Plain, test.first, "%s", test.text); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("%q, want %q", out.String(), test.want)
			}
		})
	}
}

func TestTextIsVerbatimInAPipeAndEscapedOnATerminal(t *testing.T) {
	text := "{\r\n\t\"doc\": \"\x1b[31m\u202e\"}"
	for terminal, want := range map[bool]string{false: text, true: "{\n\t\"doc\": \"\\x1b[31m\\u202e\"}\n"} {
		var out bytes.Buffer
		if err := Verbatim(&Streams{Out: &out, OutTTY: terminal}, text); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}
