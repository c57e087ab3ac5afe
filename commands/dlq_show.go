package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// dlqShowOptions is what "evtctl dlq show" was asked.
type dlqShowOptions struct {
	Env       *Env
	At        dlq.Coordinates
	ToContext string // whose ledger; empty: the one of the letters' cluster
	Format    render.Format
}

// letterDocument is a letter with what became of the record that it came from.
type letterDocument struct {
	Version    int             `json:"version"`
	Letter     *dlq.Letter     `json:"letter"`
	Source     *sourceDocument `json:"source"`     // null where the cluster could not be asked
	Difference *dlq.Comparison `json:"difference"` // null where the source isn't there
}

type sourceDocument struct {
	*dlq.Source
	Record *dlq.SourceRecord `json:"record"` // its timestamp, key, value and headers, as a letter's
}

func newDLQShowCmd(env *Env, run func(context.Context, *dlqShowOptions) error) *cobra.Command {
	opts := &dlqShowOptions{Env: env}
	cmd := &cobra.Command{
		Use:   "show TOPIC:PARTITION:OFFSET",
		Short: "Show all that one letter says",
		Long: `Show all that one letter says: why it died, its key and value decoded, its headers
in their order, the stack trace, where it came from, how it differs from the record
that it came from when that is still there, and when retention may delete it.

The schema registry is asked only when the key or value names a schema. What can't
be decoded is shown as it is, with the reason.`,
		Example: `  evtctl dlq show orders-dlt:0:17
  evtctl dlq show orders-dlt:0:17 -o json | jq .letter.decoded.value.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if opts.At, err = coordinatesArg(args); err != nil {
				return err
			}
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
	ledgerFlag(cmd, env, &opts.ToContext)
	return cmd
}

func coordinatesArg(args []string) (dlq.Coordinates, error) {
	const hint = "such as orders-dlt:0:17; \"evtctl dlq browse TOPIC\" shows the letters of a topic"
	if len(args) == 0 {
		return dlq.Coordinates{}, usagef(hint, "no letter is named")
	}
	c, err := dlq.ParseCoordinates(args[0])
	if err != nil {
		return c, usagef(hint, "%v", err)
	}
	return c, nil
}

func runDLQShow(ctx context.Context, opts *dlqShowOptions) error {
	office, err := opts.Env.openDLQTo(ctx, opts.ToContext)
	if err != nil {
		return err
	}
	defer office.close()
	text, incomplete := office.letter(ctx, opts.Env.Now(), opts.At)
	if text == nil {
		return office.explain(ctx, incomplete)
	}
	if err := printLetter(opts, text); err != nil {
		return err
	}
	if incomplete != nil {
		return &partialError{fmt.Errorf("the record that %s came from: %w", opts.At, office.settings.Explain(incomplete))}
	}
	return nil
}

// letter reads a letter and the record that it came from. An error beside a letter is
// of that record.
func (o *postOffice) letter(ctx context.Context, now time.Time, at dlq.Coordinates) (*letterText, error) {
	l, err := o.Get(ctx, at)
	if err != nil {
		return nil, err
	}
	if l.Disposition != nil {
		if l.Disposition, err = o.disposition(ctx, at, l.Disposition); err != nil {
			return nil, err
		}
	}
	text := &letterText{Letter: l, now: now}
	text.source, err = o.Source(ctx, l)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err == nil && text.source.State == dlq.SourceThere {
		text.difference = dlq.Compare(l, text.source.Record)
	}
	return text, err
}

func printLetter(opts *dlqShowOptions, t *letterText) error {
	s := opts.Env.Streams
	if opts.Format != render.Table && opts.Format != render.Wide {
		doc := letterDocument{Version: 1, Letter: t.Letter, Difference: t.difference}
		if t.source != nil {
			doc.Source = &sourceDocument{t.source, (*dlq.SourceRecord)(t.source.Record)}
		}
		return render.Print(s, opts.Format, render.View[letterRow]{
			Document: doc, Lines: []any{doc}, Rows: []letterRow{rowOf(t.Letter)}, Columns: letterColumns(t.now),
		})
	}
	sections := []struct{ title, text string }{
		{t.Coordinates.String(), t.cause()},
		{"key and value", t.value()},
		{"headers", t.headers()},
		{"stack trace", t.stack()},
		{"origin", t.origin()},
		{"difference to the source record", t.compared()},
	}
	if t.Disposition != nil {
		sections = append(sections, struct{ title, text string }{"history", t.history()})
	}
	for _, section := range sections {
		if err := render.Line(s, render.Strong, "==> %s <==", section.title); err != nil {
			return err
		}
		for line := range strings.Lines(section.text) {
			if err := render.Line(s, render.Plain, "%s", strings.TrimRight(line, "\n")); err != nil {
				return err
			}
		}
	}
	return nil
}
