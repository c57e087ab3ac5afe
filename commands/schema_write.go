package commands

import (
	"context"
	"regexp"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

// planFileFlags are those of writes whose plan can be kept.
type planFileFlags struct{ Plan, PlanOut string }

func (f *planFileFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.PlanOut, "plan-out", "", "save the plan to this new `file`, and do nothing")
	flags.StringVar(&f.Plan, "plan", "", "do what the plan in this `file` says")
	cmd.MarkFlagsMutuallyExclusive("plan", "plan-out")
}

// planText is a plan in words.
type planText []planLine

type planLine struct {
	tone render.Tone
	text string
}

// show prints the plan: as the answer where it is one, else as what a question is
// about.
func (t planText) show(s *render.Streams, answer bool) error {
	for _, line := range t {
		if !answer {
			render.Message(s, line.tone, "%s", line.text)
			continue
		}
		if err := line.answer(s); err != nil {
			return err
		}
	}
	return nil
}

// listMark is what a line begins with that the rest of it is set in by.
var listMark = regexp.MustCompile(`^ +(?:[-+~] )?`)

// answer wraps a line on a terminal only: in a pipe, lines are looked for.
func (l planLine) answer(s *render.Streams) error {
	if !s.OutTTY {
		return render.Line(s, l.tone, "%s", l.text)
	}
	mark := listMark.FindString(l.text)
	return render.Prose(s, l.tone, mark, "%s", l.text[len(mark):])
}

// confirmName asks before a write. In a production context the name has to be typed.
func (f *writeFlags) confirmName(ctx context.Context, s *render.Streams, settings *cluster.Settings, name, question string) error {
	return render.Confirm(ctx, s, f.question(settings, name, question))
}

func (f *writeFlags) question(settings *cluster.Settings, name, text string) render.Question {
	q := render.Question{Text: text, Yes: f.Yes, Confirm: f.Confirm}
	if settings.Production {
		q.TypeName = name
	}
	return q
}

// savedPlan tells how a plan that was kept is applied.
func savedPlan(s *render.Streams, command, path string) {
	render.Message(s, render.Plain, "nothing was written yet; %s --plan %s does it", command, shellWord(path))
}

// isText tells the forms for people, which a sentence suits better than a table.
func isText(f render.Format) bool { return f == render.Table || f == render.Wide }
