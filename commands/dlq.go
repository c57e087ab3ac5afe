package commands

import "github.com/spf13/cobra"

func newDLQCmd(env *Env) *cobra.Command {
	cmd := parent("dlq", "Look into dead-letter topics, and deal with letters",
		newDLQBrowseCmd(env, runDLQBrowse),
		newDLQDiscardCmd(env, runDLQWrite),
		newDLQEditCmd(env, runDLQEdit),
		newDLQExportCmd(env, runDLQExport),
		newDLQHistoryCmd(env, runDLQHistory),
		newDLQImportCmd(env, runDLQImport),
		newDLQListCmd(env, runDLQList),
		newDLQReplayCmd(env, runDLQWrite),
		newDLQRestoreCmd(env, runDLQWrite),
		newDLQRetryCmd(env, runDLQRetry),
		newDLQShowCmd(env, runDLQShow),
		newDLQStatsCmd(env, runDLQStats),
		newDLQWatchCmd(env, runDLQWatch),
	)
	cmd.Long = `Look into dead-letter topics: which there are, why their letters died, what each
of them says. Then deal with letters: send them back exactly once, set them aside,
and see who did what. All but replay, edit, retry, discard, restore and import only
read; they join no group and commit nothing.

A letter's place is topic:partition:offset. The frameworks whose headers are known
are Spring Kafka, Spring Cloud Stream, Kafka Connect, Kafka Streams, the brokers'
share groups, SmallRye, Watermill, Karafka and Wolverine. Others are described in the
contexts file, by the headers that mark them and those that are read:

  dialects:
    - name: acme
      marks: [x-acme-error]
      fields:
        - {field: cause.class, header: x-acme-error, encoding: text}
        - {field: origin.topic, header: x-acme-topic, encoding: text, pick: first}
        - {field: origin.offset, header: x-acme-offset, encoding: int64}

A field is origin.topic, .partition, .offset, .timestamp or .group, or cause.class,
.message, .stack or .attempts; an encoding text, decimal, int32, int64, integer,
bigint or rfc3339; pick says which counts of several headers: first or last. With
all_marks: true a letter needs all marks; source_time: true says that its time stamp
is its source's.`
	return cmd
}
