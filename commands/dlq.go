package commands

import "github.com/spf13/cobra"

func newDLQCmd(env *Env) *cobra.Command {
	cmd := parent("dlq", "Look into dead-letter topics",
		newDLQListCmd(env, runDLQList),
		newDLQShowCmd(env, runDLQShow),
		newDLQStatsCmd(env, runDLQStats),
	)
	cmd.Long = `Look into dead-letter topics: which there are, why their letters died, what each
of them says. These commands only read; they join no group and commit nothing.

A letter's place is topic:partition:offset. The frameworks whose headers are known
are Spring Kafka, Spring Cloud Stream, Kafka Connect, Kafka Streams, the brokers'
share groups, SmallRye, Watermill, Karafka and Wolverine; others are described
under "dialects" in the contexts file.`
	return cmd
}
