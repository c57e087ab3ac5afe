package commands

import (
	"bytes"
	"context"
	"os"
	"regexp"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
)

// typedSheet is what a person typed in an editor.
type typedSheet struct {
	*sheet
	text []byte
}

// keep writes what was typed and isn't sent to a file, and says with which command to go
// on. (Files of os.CreateTemp are for their owner only.)
func (o *dlqEditOptions) keep(drafts []*draft) {
	if o.typed == nil || !o.unsent(drafts) {
		return
	}
	name, text, flag := "evtctl-edit-*.txt", append(o.typed.top(nil), o.typed.text...), "--values-file"
	at := ""
	if o.typed.single() { // the very value, as --value-file takes it
		text, flag, at = drafts[0].changed, "--value-file", " "+shellWord(drafts[0].at.String())
		if indented(text) != nil {
			name = "evtctl-edit-*.json"
		}
	}
	path, err := keepFile(name, text)
	if err != nil {
		render.Message(o.Env.Streams, render.Warn, "what was typed could not be kept: %v", err)
		return
	}
	render.Message(o.Env.Streams, render.Plain, "what was typed is kept in %s; \"evtctl dlq edit%s %s %s%s\" goes on with it",
		path, at, flag, shellWord(path), o.otherWords())
}

// unsent tells whether something was changed and isn't sent.
func (o *dlqEditOptions) unsent(drafts []*draft) bool {
	changed := int64(0)
	for _, d := range drafts {
		if d.sent != nil {
			changed++
		}
	}
	return changed > 0 && (o.receipt == nil || o.receipt.Done < changed)
}

// otherWords are flags that the command had and is to have again.
func (o *dlqEditOptions) otherWords() (words string) {
	for _, w := range []struct{ flag, value string }{{"--to", o.Request.To}, {"--reason", o.Request.Reason}} {
		if w.value != "" {
			words += " " + w.flag + " " + shellWord(w.value)
		}
	}
	return words
}

// keepFile writes a new file, which is gone again where it can't be written whole.
func keepFile(pattern string, text []byte) (path string, err error) {
	kept, err := os.CreateTemp("", pattern)
	if err != nil {
		return "", err
	}
	_, err = kept.Write(text)
	if closed := kept.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(kept.Name())
	}
	return kept.Name(), err
}

// keptSheet is a file that an edit of several letters has left.
type keptSheet struct {
	mark    string
	letters []string // their coordinates
	file    []byte
}

var sheetLine = regexp.MustCompile(`^(={3,}) (\S+)\s*$`)

// readKept reads a file for its letters. The first line that isn't a comment tells the
// mark that lines between letters begin with.
func readKept(path string) (*keptSheet, error) {
	file, err := readValue(path)
	if err != nil {
		return nil, err
	}
	k := &keptSheet{file: file}
	for line := range bytes.Lines((&sheet{listed: true}).below(file)) {
		found := sheetLine.FindSubmatch(line)
		switch {
		case k.mark == "" && found == nil:
			return nil, notKept(path)
		case k.mark == "":
			k.mark = string(found[1])
			fallthrough
		case found != nil && string(found[1]) == k.mark:
			if _, err := dlq.ParseCoordinates(string(found[2])); err != nil {
				return nil, notKept(path)
			}
			k.letters = append(k.letters, string(found[2]))
		}
	}
	if len(k.letters) == 0 {
		return nil, notKept(path)
	}
	return k, nil
}

func notKept(path string) error {
	return usagef("--value-file takes the value of one letter", "%s isn't a file that an edit of several letters has left: a line such as \"=== orders-dlt:0:17\" is missing before its values", path)
}

// put takes over the values of a kept file.
func (k *keptSheet) put(path string, drafts []*draft) error {
	s := &sheet{mark: k.mark, listed: true}
	for _, d := range drafts {
		text, _ := d.shown()
		s.letters = append(s.letters, sheetLetter{d.at.String(), text})
	}
	for _, at := range k.letters { // those that can't be edited any more are left out by themselves
		if s.letter(at) == nil {
			s.letters = append(s.letters, sheetLetter{at: at})
		}
	}
	texts, err := s.read(k.file)
	if err != nil {
		return usagef("mend the file", "%s: %v", path, err)
	}
	for _, d := range drafts {
		d.read(texts[d.at.String()])
	}
	return nil
}

// refusedAll gives the error of an edit of which nothing can be sent, and says of each
// letter why; nil where something can, or where nothing was tried.
func (o *dlqEditOptions) refusedAll(drafts []*draft) error {
	refused := 0
	for _, d := range drafts {
		switch {
		case d.sent != nil:
			return nil
		case d.err != nil:
			refused++
		}
	}
	if refused == 0 {
		return nil
	}
	for _, d := range drafts {
		reason := d.why
		if d.err != nil {
			reason = d.err.Error()
		}
		render.Message(o.Env.Streams, render.Warn, "letter %s: %s", d.at, reason)
	}
	return usagef("nothing was sent; \"evtctl dlq show "+drafts[0].at.String()+"\" shows a letter as it is",
		"editing: of %s none can be sent", plural(int64(len(drafts)), "letter"))
}

// send plans what was changed, shows it, asks, and sends it.
func (o *dlqEditOptions) send(ctx context.Context, office *postOffice, counter *counter, plan *dispose.Plan, drafts *draftEditor) error {
	defer o.keep(drafts.list)
	if err := o.showDifferences(drafts.list); err != nil {
		return err
	}
	// The values are as they were shown, whatever happens to the file or the editor.
	o.Request.Edit = drafts.fixed()
	plan, err := plan.Anew(ctx, o.Request)
	if err != nil {
		return office.explain(ctx, err)
	}
	return o.carryOut(ctx, office, counter, plan)
}
