package commands

import (
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/dlq"
	"github.com/spf13/cobra"
)

// topicArg is that of the commands that read one topic.
func topicArg(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("\"evtctl dlq list\" shows the dead-letter topics", "no topic is named")
	case 1:
		return nil
	}
	return usagef("name one topic", "%d topics are named, and \"%s\" reads one", len(args), cmd.CommandPath())
}

// nothingIn tells an empty topic from a question that nothing fits.
func nothingIn(q dlq.Query, r *dlq.ReadResult) string {
	switch {
	case r.Scanned > 0:
		return "no letter fits, of " + render.Count(r.Scanned) + " looked at"
	case !q.Since.IsZero() || !q.Until.IsZero():
		return "no letters of that time"
	case len(q.Partitions) > 0:
		return "no letters in those partitions"
	}
	return "no letters in " + q.Topic
}

// told says on stderr what a reading could not see, and gives the error of it.
func (o *postOffice) told(env *Env, topic string, r *dlq.ReadResult) error {
	s := env.Streams
	if r.Open > 0 {
		render.Message(s, render.Warn, "%s: %s at the end not read, as an open transaction holds them back", topic, plural(r.Open, "offset"))
	}
	if r.WhereErrors > 0 {
		render.Message(s, render.Warn, "the query failed at %s, which are left out; the first: %v", plural(r.WhereErrors, "letter"), r.WhereError)
	}
	o.decoder.tell(s)
	return faulty(topic, r.Faults, r.Scanned)
}
