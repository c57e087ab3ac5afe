package commands

import (
	"bytes"
	"maps"
	"strings"
	"testing"
)

// sheetOfTwo is a file with a text that looks like the file's own lines.
func sheetOfTwo() *sheet {
	return newSheet([]sheetLetter{{"dlt:0:1", []byte("one\n")}, {"dlt:0:17", []byte("=== dlt:0:1\n# no remark\n\nend")}})
}

func TestASheetThatIsLeftAloneGivesTheSameTexts(t *testing.T) {
	for name, letters := range map[string][]sheetLetter{
		"texts like its own lines": sheetOfTwo().letters,
		"empty ones":               {{"dlt:0:1", []byte{}}, {"dlt:0:2", []byte("\n")}, {"dlt:0:3", []byte("\n\n")}},
		"one alone":                {{"dlt:0:1", []byte("# one\n=== dlt:0:1\n")}},
		"one alone, empty":         {{"dlt:0:1", []byte{}}},
		"carriage returns":         {{"dlt:0:1", []byte("a\r\nb\r")}, {"dlt:0:2", []byte("\r\n")}},
	} {
		for _, problems := range [][]string{nil, {"the first\nof two lines", "another"}} {
			s := newSheet(letters)
			got, err := s.read(append(s.top(problems), s.texts()...))
			want := map[string][]byte{}
			for _, l := range letters {
				want[l.at] = l.text
			}
			if err != nil || !maps.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%s: got %q and %v, want %q", name, got, err, want)
			}
		}
	}
}

func TestASheetKeepsWhatWasTypedWhenItIsWrittenAgain(t *testing.T) {
	s := sheetOfTwo()
	edited := bytes.Replace(append(s.top(nil), s.texts()...), []byte("\none"), []byte("\nanother"), 1)
	for _, problem := range []string{"first", "second"} {
		typed := s.below(edited)
		edited = append(s.top([]string{problem}), typed...)
		if got, err := s.read(edited); err != nil || string(got["dlt:0:1"]) != "another\n" || len(got) != 2 {
			t.Fatalf("after the %s problem: %q and %v", problem, got, err)
		}
		if !bytes.HasPrefix(edited, []byte("# This can't be sent: "+problem+"\n")) || bytes.Count(edited, []byte("This can't be sent")) != 1 {
			t.Fatalf("the top is\n%s", edited)
		}
	}
}

func TestASheetWithDamagedLinesIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, now, want string }{
		"another letter":         {"==== dlt:0:17", "==== dlt:0:18", `the line "==== dlt:0:18" names no letter of this file`},
		"a longer mark":          {"==== dlt:0:17", "===== dlt:0:17", `the line "===== dlt:0:17" names no letter of this file`},
		"no blank":               {"==== dlt:0:17", "====dlt:0:17", `the line "====dlt:0:17" names no letter of this file`},
		"a shorter mark":         {"==== dlt:0:17", "=== dlt:0:17", `"=== dlt:0:17" was the line of letter dlt:0:17, and was changed`},
		"twice":                  {"==== dlt:0:17", "==== dlt:0:1", "letter dlt:0:1 comes twice"},
		"its text without it":    {"==== dlt:0:17\n", "", "the text of letter dlt:0:17 stands below that of dlt:0:1: its line is missing"},
		"text before the first":  {"==== dlt:0:1\n", "", `the line "one" stands before the first letter`},
		"deleted with its text":  {"==== dlt:0:1\none\n", "", ""},
		"windows' ends of lines": {"==== dlt:0:17\n", "==== dlt:0:17\r\n", ""},
	} {
		s := sheetOfTwo()
		file := string(append(s.top(nil), s.texts()...))
		if !strings.Contains(file, c.old) {
			t.Fatalf("%s: the file has no %q", name, c.old)
		}
		_, err := s.read([]byte(strings.Replace(file, c.old, c.now, 1)))
		if got := ""; c.want != "" || err != nil {
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	}
}
