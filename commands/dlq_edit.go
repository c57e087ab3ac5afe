package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"unicode/utf8"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// dlqEditOptions is what "evtctl dlq edit" was asked.
type dlqEditOptions struct {
	dlqWriteOptions
	At        dlq.Coordinates
	ValueFile string
}

func newDLQEditCmd(env *Env, run func(context.Context, *dlqEditOptions) error) *cobra.Command {
	opts := &dlqEditOptions{dlqWriteOptions: dlqWriteOptions{Env: env, Request: dispose.Request{Action: dispose.Replay}}}
	var set string
	cmd := &cobra.Command{
		Use:   "edit TOPIC:PARTITION:OFFSET",
		Short: "Change a letter's value, and send it back",
		Long: `Change the value of one dead letter and send it back, exactly once, as "evtctl dlq
replay" does: in the editor that $VISUAL or $EDITOR names, by --set and jq, or with
the value that a file has.

A value with a schema is edited as JSON, checked against that very schema and
encoded with it. What is not changed keeps its bytes: long numbers, the order of
members, blanks. The difference is shown before anything is sent. An editor that
ends with an error, or changes nothing, sends nothing.`,
		Example: `  evtctl dlq edit orders-dlt:0:17
  evtctl dlq edit orders-dlt:0:17 --set '.currency="EUR"' --reason "INC-4711" --yes
  evtctl dlq edit orders-dlt:0:17 --value-file fixed.json --dry-run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.finish(args, set); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&set, "set", "", "change the value by this `jq`, such as '.currency = \"EUR\"'")
	f.StringVar(&opts.ValueFile, "value-file", "", "take the value from this `file`: JSON where it has a schema, else its very bytes")
	f.StringVar(&opts.Request.To, "to", "", "send to this `topic` (default: where the letter came from)")
	f.StringVar(&opts.Request.Reason, "reason", "", "why, `text` for the history")
	f.BoolVar(&opts.AtLeastOnce, "at-least-once", false, "do without transactions, where they aren't permitted")
	opts.writeFlags.register(cmd)
	cmd.MarkFlagsMutuallyExclusive("set", "value-file")
	complete(cmd, "to", topicNames(env))
	return cmd
}

func (o *dlqEditOptions) finish(args []string, set string) (err error) {
	if o.Format, err = o.Env.format(); err != nil {
		return err
	}
	if o.At, err = coordinatesArg(args); err != nil {
		return err
	}
	if set != "" {
		if o.Set, err = dispose.NewSet(set); err != nil {
			return err
		}
	}
	req := &o.Request
	req.Query.Topic, req.Letters, req.Now = o.At.Topic, []dlq.Coordinates{o.At}, o.Env.Now
	return nil
}

func runDLQEdit(ctx context.Context, opts *dlqEditOptions) error {
	office, err := opts.Env.openDLQ(ctx)
	if err != nil {
		return err
	}
	defer office.client.Close()
	return opts.edit(ctx, office)
}

// edit changes the letter and sends it back.
func (o *dlqEditOptions) edit(ctx context.Context, office *postOffice) error {
	l, err := office.Get(ctx, o.At)
	if err != nil {
		return office.explain(ctx, err)
	}
	if l.Disposition != nil {
		return usagef("\"evtctl dlq restore "+o.At.String()+"\" takes that back", "letter %s is %s already", o.At, l.Disposition.State)
	}
	editor := &letterEditor{decoder: office.decoder, change: o.change()}
	rec := &kgo.Record{Value: l.Value, Headers: l.RecordHeaders()}
	changed, err := editor.Edit(ctx, l, rec)
	if err != nil {
		return o.refused(err)
	}
	if !changed {
		render.Message(o.Env.Streams, render.Plain, "nothing was changed, and nothing is sent")
		return nil
	}
	if err := o.showDifference(editor); err != nil {
		return err
	}
	// The value is as it was shown, whatever happens to the file or the editor.
	o.Request.Edit = &fixedEditor{before: l.Value, after: rec.Value}
	counter, closeCounter, err := o.openCounter(ctx, office)
	if err != nil {
		return err
	}
	defer closeCounter()
	plan, err := o.plan(ctx, office, counter)
	if err != nil {
		return office.explain(ctx, err)
	}
	return o.carryOut(ctx, office, counter, plan)
}

// fixedEditor gives the value that was shown.
type fixedEditor struct{ before, after []byte }

func (e *fixedEditor) Edit(_ context.Context, _ *dlq.Letter, rec *kgo.Record) (bool, error) {
	if !bytes.Equal(rec.Value, e.before) {
		return false, errors.New("the letter isn't the one that was edited")
	}
	rec.Value = e.after
	return true, nil
}

// refused words why an edit can't be made: what the schema refuses was asked wrongly.
func (o *dlqEditOptions) refused(err error) error {
	var failed *editorError
	if errors.As(err, &failed) || errors.Is(err, context.Canceled) {
		return err
	}
	return usagef("nothing was sent; \"evtctl dlq show "+o.At.String()+"\" shows the letter as it is", "editing %s: %v", o.At, err)
}

func (o *dlqEditOptions) change() func(context.Context, []byte) ([]byte, error) {
	switch {
	case o.Set != nil:
		return o.Set.Apply
	case o.ValueFile != "":
		return func(context.Context, []byte) ([]byte, error) { return readValue(o.ValueFile) }
	}
	return o.askEditor
}

// maxValueFile is more than any broker takes.
const maxValueFile = 64 << 20

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

// askEditor lets a person change a text. JSON is set out in lines for that, and put back
// into the text as it was.
func (o *dlqEditOptions) askEditor(ctx context.Context, text []byte) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("its value isn't text: --value-file gives another one")
	}
	shown, name := indented(text), "value.json"
	if shown == nil {
		shown, name = text, "value.txt"
	}
	dir, err := os.MkdirTemp("", "evtctl-edit-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, shown, 0o600); err != nil {
		return nil, err
	}
	if err := o.runEditor(ctx, path); err != nil {
		return nil, err
	}
	edited, err := readValue(path)
	switch {
	case err != nil:
		return nil, err
	case name == "value.json":
		return dispose.Splice(text, edited)
	case !bytes.HasSuffix(text, []byte("\n")):
		edited = bytes.TrimSuffix(edited, []byte("\n")) // editors add one
	}
	return edited, nil
}

func (o *dlqEditOptions) runEditor(ctx context.Context, path string) error {
	command := o.Env.Getenv("VISUAL")
	if command == "" {
		command = o.Env.Getenv("EDITOR")
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

// indented sets JSON out in lines; nil for anything else.
func indented(text []byte) []byte {
	var out bytes.Buffer
	if !json.Valid(text) || json.Indent(&out, text, "", "  ") != nil {
		return nil
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

// showDifference shows what was changed: as the answer, where there is no other.
func (o *dlqEditOptions) showDifference(e *letterEditor) error {
	before, after := e.before, e.after
	if a, b := indented(before), indented(after); a != nil && b != nil {
		before, after = a, b
	}
	if !utf8.Valid(before) || !utf8.Valid(after) {
		render.Message(o.Env.Streams, render.Plain, "the value changes from %d bytes to %d", len(before), len(after))
		return nil
	}
	var text planText
	for line := range bytes.Lines(diff.Diff("letter "+o.At.String(), before, "edited", after)) {
		tone := render.Plain
		switch line[0] {
		case '-':
			tone = render.Bad
		case '+':
			tone = render.Good
		}
		text = append(text, planLine{tone, string(bytes.TrimRight(line, "\n"))})
	}
	return text.show(o.Env.Streams, o.DryRun && isText(o.Format))
}
