package commands

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// sheet is a file for an editor: the texts of letters, each below a line with its
// coordinates. A single one is the file itself.
type sheet struct {
	letters []sheetLetter
	mark    string // begins the lines between letters, and no line of a letter
	note    []byte // the problems that were written at the top
	listed  bool   // a single letter is below a line too
}

type sheetLetter struct {
	at   string
	text []byte
}

// sheetMark is made longer where a letter has such lines.
const sheetMark = "==="

func newSheet(letters []sheetLetter) *sheet {
	s := &sheet{letters: letters, mark: sheetMark}
	for i := range letters {
		for line := range bytes.Lines(letters[i].text) {
			n := len(line) - len(bytes.TrimLeft(line, "="))
			s.mark += strings.Repeat("=", max(0, n+1-len(s.mark)))
		}
	}
	return s
}

// single tells that the file has one text and nothing else.
func (s *sheet) single() bool { return len(s.letters) == 1 && !s.listed }

// intro is what is said at the top of a file of several letters.
const intro = `# The values of %d letters, to be changed and sent back. Leave the lines that begin
# with %s as they are. A letter that isn't changed is not sent, and neither is one
# that is deleted together with its line.
`

// top is what is written above the texts: what is wrong, and what to do.
func (s *sheet) top(problems []string) []byte {
	var note bytes.Buffer
	for _, p := range problems {
		for line := range strings.Lines("This can't be sent: " + p) {
			note.WriteString("# " + strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	if len(problems) > 0 {
		note.WriteString("# Left as it is now, the file ends the command, and nothing is sent.\n")
	}
	if s.note = bytes.Clone(note.Bytes()); !s.single() {
		fmt.Fprintf(&note, intro, len(s.letters), s.mark)
	}
	return note.Bytes()
}

// texts are the letters, one below the other.
func (s *sheet) texts() []byte {
	if s.single() {
		return s.letters[0].text
	}
	var out bytes.Buffer
	for _, l := range s.letters {
		out.WriteString(s.mark + " " + l.at + "\n")
		if out.Write(l.text); !bytes.HasSuffix(l.text, []byte("\n")) {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// below is an edited file without its top.
func (s *sheet) below(edited []byte) []byte {
	if s.single() {
		return bytes.TrimPrefix(edited, s.note)
	}
	at := 0
	for line := range bytes.Lines(edited) {
		if blank := len(bytes.TrimSpace(line)) == 0; !blank && line[0] != '#' {
			break
		}
		at += len(line)
	}
	return edited[at:]
}

// read takes an edited file apart: texts by coordinates, each as it was where it wasn't
// changed. Letters that were deleted are not in it.
func (s *sheet) read(edited []byte) (map[string][]byte, error) {
	body := s.below(edited)
	if s.single() {
		return map[string][]byte{s.letters[0].at: body}, nil
	}
	texts := map[string][]byte{}
	current := ""
	for line := range bytes.Lines(body) {
		switch at, marked := bytes.CutPrefix(line, []byte(s.mark)); {
		case marked:
			current = string(bytes.TrimSpace(at))
			if s.letter(current) == nil || !bytes.HasPrefix(at, []byte(" ")) {
				return nil, fmt.Errorf("the line %q names no letter of this file", bytes.TrimSpace(line))
			}
			if _, twice := texts[current]; twice {
				return nil, fmt.Errorf("letter %s comes twice", current)
			}
			texts[current] = []byte{}
		case current == "":
			return nil, fmt.Errorf("the line %q stands before the first letter", bytes.TrimSpace(line))
		default:
			texts[current] = append(texts[current], line...)
		}
	}
	for i := range s.letters {
		l := &s.letters[i]
		text, there := texts[l.at]
		if !there {
			if err := s.lost(l, body, texts); err != nil {
				return nil, err
			}
			continue
		}
		if !bytes.HasSuffix(l.text, []byte("\n")) {
			texts[l.at] = bytes.TrimSuffix(text, []byte("\n")) // which was added
		}
	}
	return texts, nil
}

func (s *sheet) letter(at string) *sheetLetter {
	for i := range s.letters {
		if s.letters[i].at == at {
			return &s.letters[i]
		}
	}
	return nil
}

// lost tells a letter whose line was damaged, so that its text seems to be another
// letter's, from one that was deleted.
func (s *sheet) lost(l *sheetLetter, body []byte, texts map[string][]byte) error {
	named := regexp.MustCompile(`(?m)^.*(?:^|[^\w.-])` + regexp.QuoteMeta(l.at) + `(?:[^\d\n].*)?$`)
	was := false
	for i := range s.letters {
		was = was || named.Match(s.letters[i].text)
	}
	if line := named.Find(body); line != nil && !was {
		return fmt.Errorf("%q was the line of letter %s, and was changed", bytes.TrimSpace(line), l.at)
	}
	text := bytes.TrimRight(l.text, "\n")
	for at, other := range texts {
		if former := s.letter(at).text; len(text) > 0 && bytes.HasSuffix(bytes.TrimRight(other, "\n"), append([]byte("\n"), text...)) &&
			!bytes.HasSuffix(bytes.TrimRight(former, "\n"), text) {
			return fmt.Errorf("the text of letter %s stands below that of %s: its line is missing", l.at, at)
		}
	}
	return nil
}
