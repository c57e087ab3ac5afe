package commands

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/rogpeppe/go-internal/diff"
)

// indented sets JSON out in lines; nil for anything else.
func indented(text []byte) []byte {
	var out bytes.Buffer
	if !json.Valid(text) || json.Indent(&out, text, "", "  ") != nil {
		return nil
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

func changesAny(drafts []*draft) bool {
	for _, d := range drafts {
		if d.sent != nil || d.err != nil {
			return true
		}
	}
	return false
}

// showDifferences shows what was changed: as the answer, where there is no other.
func (o *dlqEditOptions) showDifferences(drafts []*draft) error {
	for _, d := range drafts {
		if d.sent == nil {
			continue
		}
		if err := d.difference().show(o.Env.Streams, o.DryRun && isText(o.Format)); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) difference() (text planText) {
	before, after := d.text, d.changed
	if a, b := indented(before), indented(after); a != nil && b != nil {
		before, after = a, b
	}
	if !utf8.Valid(before) || !utf8.Valid(after) {
		before, after = sizeOf(before), sizeOf(after)
	}
	for line := range bytes.Lines(diff.Diff("letter "+d.at.String(), before, "edited", after)) {
		tone := render.Plain
		switch line[0] {
		case '-':
			tone = render.Bad
		case '+':
			tone = render.Good
		}
		text = append(text, planLine{tone, string(bytes.TrimRight(line, "\n"))})
	}
	return text
}

// sizeOf stands for what is no text.
func sizeOf(value []byte) []byte { return []byte(plural(int64(len(value)), "byte") + "\n") }
