package commands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/evtctl/evtctl/commands/internal/render"
)

const (
	// maxValueFile is more than any broker takes.
	maxValueFile = 64 << 20
	// maxSheet is how many bytes of letters are put before a person.
	maxSheet = 16 << 20
	// maxAsked is how often an editor is opened: one that is a program may never be done.
	maxAsked = 20
)

func readValue(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	value, err := io.ReadAll(io.LimitReader(f, maxValueFile+1))
	if err == nil && len(value) > maxValueFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxValueFile)
	}
	return value, err
}

// editorError says that the editor didn't do its work.
type editorError struct {
	command string
	err     error
}

func (e *editorError) Error() string { return fmt.Sprintf("editor %q: %v", e.command, e.err) }
func (e *editorError) Unwrap() error { return e.err }

// Hint is a next step.
func (e *editorError) Hint() string {
	return "nothing was sent; $VISUAL or $EDITOR names the editor, and --set or --value-file do without"
}

// askEditor lets a person change the drafts, and asks again where something can't be
// sent, until all can or nothing is changed any more.
func (o *dlqEditOptions) askEditor(ctx context.Context, drafts []*draft) error {
	dir, err := os.MkdirTemp("", "evtctl-edit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, name := sheetOf(drafts)
	path := filepath.Join(dir, name)
	file := append(s.top(nil), s.texts()...)
	var problems []string
	for range maxAsked {
		edited, err := o.edited(ctx, path, file)
		if err != nil {
			if len(problems) > 0 { // what was typed before is kept
				render.Message(o.Env.Streams, render.Warn, "%s%s", told(problems), s.kept(s.below(file)))
			}
			return err
		}
		if len(problems) > 0 && bytes.Equal(edited, file) {
			break
		}
		if problems = s.take(edited, drafts); len(problems) == 0 || ctx.Err() != nil {
			o.typed = &typedSheet{s, s.below(edited)}
			return ctx.Err()
		}
		typed := s.below(edited)
		file = append(s.top(problems), typed...)
	}
	return s.keepTyped(s.below(file), problems)
}

// sheetOf is the file for drafts, and its name, which tells editors what is in it.
func sheetOf(drafts []*draft) (*sheet, string) {
	var letters []sheetLetter
	name := "letters.txt"
	for _, d := range drafts {
		text, isJSON := d.shown()
		letters = append(letters, sheetLetter{d.at.String(), text})
		if len(drafts) == 1 && isJSON {
			name = "value.json"
		}
	}
	return newSheet(letters), name
}

// take takes over what was edited, and gives what is wrong with it.
func (s *sheet) take(edited []byte, drafts []*draft) (problems []string) {
	texts, err := s.read(edited)
	if err != nil {
		return []string{err.Error()}
	}
	for _, d := range drafts {
		text, there := texts[d.at.String()]
		if !there {
			d.changed, d.sent, d.err, d.why = nil, nil, nil, deletedLetter
			continue
		}
		if d.read(text); d.err != nil {
			problems = append(problems, fmt.Sprintf("letter %s: %v", d.at, d.err))
		}
	}
	return problems
}

// keepTyped ends an edit that can't be sent, without losing what was typed.
func (s *sheet) keepTyped(typed []byte, problems []string) error {
	return usagef("nothing was sent"+s.kept(typed), "editing: %s", told(problems))
}

// kept keeps what was typed, and says where.
func (s *sheet) kept(typed []byte) string {
	path, err := keepFile("evtctl-edit-*.txt", typed)
	switch {
	case err != nil:
		return ""
	case s.single():
		return "; what was typed is kept in " + path
	}
	return "; what was typed is kept in " + path + ", which --values-file takes when it is mended"
}

// told is the first of several problems.
func told(problems []string) string {
	if n := len(problems) - 1; n > 0 {
		return fmt.Sprintf("%s; and %d more", problems[0], n)
	}
	return problems[0]
}

// edited gives a file to the editor, and reads what it makes of it.
func (o *dlqEditOptions) edited(ctx context.Context, path string, file []byte) ([]byte, error) {
	if err := os.WriteFile(path, file, 0o600); err != nil {
		return nil, err
	}
	if err := o.runEditor(ctx, path); err != nil {
		return nil, err
	}
	return readValue(path)
}

func (o *dlqEditOptions) runEditor(ctx context.Context, path string) error {
	command := o.Env.Getenv("VISUAL")
	if command == "" {
		command = o.Env.Getenv("EDITOR")
	}
	if command == "" && !o.Env.Streams.InTTY {
		return usagef("--set and --value-file do without one", "no editor is named by $VISUAL or $EDITOR, and without a terminal none can be guessed")
	}
	if command == "" {
		command = "vi"
	}
	s := o.Env.Streams
	cmd := exec.CommandContext(ctx, "sh", "-c", command+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Err, s.Err // stdout is the answer's
	if s.OutTTY {
		cmd.Stdout = s.Out
	}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &editorError{command, err}
	}
	return nil
}
