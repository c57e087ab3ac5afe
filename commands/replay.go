package commands

import "github.com/spf13/cobra"

func newReplayCmd(env *Env) *cobra.Command {
	cmd := parent("replay", "Read a span of time again, in an isolated group",
		newReplayPlanCmd(env, runReplayPlan),
		newReplayResetCmd(env, runReplayReset),
		newReplayUndoCmd(env, runReplayUndo),
		newReplayListCmd(env, runReplayList),
		newReplayStatusCmd(env, runReplayStatus),
		newReplayPromoteCmd(env, runReplayPromote),
		newReplayFinishCmd(env, runReplayFinish),
		newReplayExportCmd(env, runReplayExport),
		newReplayApplyCmd(env, runReplayApply),
		newReplayCheckCmd(env, runReplayCheck),
		newReplayCopyCmd(env, runReplayCopy),
	)
	cmd.Long = `Read a span of time again without disturbing anybody: a new, isolated group gets
offsets of the past, and the group whose topics it reads is only looked at.

A POSITION is start, end, an offset, +N after the start, -N before the end, or a
time: @2026-03-02T12:00:00Z, @2026-03-02T12:00[Europe/Berlin], @1772452800000
(milliseconds), @-2h. A time means the first record of that time or later.`
	return cmd
}
