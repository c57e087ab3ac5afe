package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/dlq/dispose"
	"github.com/evtctl/evtctl/schema"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// postOffice is what all dlq commands work with: a reader of letters on the
// configured cluster.
type postOffice struct {
	*dlq.Reader
	client   *kgo.Client
	books    *kgo.Client // of the cluster whose ledger is read; mostly the same
	settings *cluster.Settings
	decoder  *letterDecoder
}

func (o *postOffice) close() {
	if o.books != o.client {
		o.books.Close()
	}
	o.client.Close()
}

// ledgerFlag is that of the commands that show what became of letters.
func ledgerFlag(cmd *cobra.Command, env *Env, context *string) {
	cmd.Flags().StringVar(context, "to-context", "", "letters are sent to the cluster of this `context`: look there for what became of them")
	complete(cmd, "to-context", contextNames(env))
}

// openDLQTo is openDLQ for who looks at the ledger of another context's cluster, as
// letters are sent there; empty: at that of their own.
func (e *Env) openDLQTo(ctx context.Context, context string) (*postOffice, error) {
	office, err := e.openDLQ(ctx)
	if err != nil || context == "" {
		return office, err
	}
	settings, err := e.otherSettings(context)
	if err == nil {
		office.books, err = settings.Open(ctx)
	}
	if err != nil {
		office.client.Close()
		return nil, err
	}
	office.Open = dispose.Dispositions(office.client, office.books)
	return office, nil
}

// otherSettings are those of another context than the one that is in use.
func (e *Env) otherSettings(context string) (*cluster.Settings, error) {
	flags := cluster.Flags{Context: context, ConfigFile: e.Flags.ConfigFile, Timeout: e.Flags.Timeout}
	// The environment says where the letters are, not where they go.
	getenv := func(name string) string {
		if name == "EVTCTL_BROKERS" || name == "EVTCTL_REGISTRY" || name == "EVTCTL_CONTEXT" {
			return ""
		}
		return e.Getenv(name)
	}
	return cluster.Resolve(flags, getenv)
}

// dlqMemory is from where on the garbage collector works harder. Letters with long stack
// traces, well compressed, come in large pieces; collected as usual, they would take
// twice as much. Much less would make reading slow.
const dlqMemory = 80 << 20

// dlqBatch bounds what a batch of letters may decompress to. Letters are shown, decoded
// and written as JSON, each of which takes their size again, and a batch is copied while
// it is decompressed: with much more, one bomb would take hundreds of megabytes. (The
// buffer for that doubles: with 16 MB and more it would grow to 32.)
const dlqBatch = 12 << 20

// rarely is how much garbage there is before it is collected, in percent of what is in use.
// With little in use, the usual 100 takes a third of the time that reading takes (measured).
const rarely = 400

// limitMemory has garbage collected rarely, until there is so much in memory. What the user
// has set stays as it is.
func (e *Env) limitMemory(bytes int64) {
	if e.Collect == nil || e.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent := rarely
	if e.Getenv("GOGC") != "" {
		percent = 0
	}
	e.Collect(percent, bytes)
}

// openDLQ connects to the cluster for who reads letters only. The registry is asked when a
// letter needs it. The caller closes the office's client.
func (e *Env) openDLQ(ctx context.Context) (*postOffice, error) {
	return e.openOffice(ctx, kgo.MaxDecompressBatchBytes(dlqBatch))
}

// openOffice is openDLQ for who reads ordinary topics as well, whose batches may be as
// large as anybody's.
func (e *Env) openOffice(ctx context.Context, opts ...kgo.Opt) (*postOffice, error) {
	dialects, err := e.dialects()
	if err != nil {
		return nil, err
	}
	e.limitMemory(dlqMemory)
	client, settings, err := e.Open(ctx, opts...)
	if err != nil {
		return nil, err
	}
	decoder := &letterDecoder{env: e}
	reader := &dlq.Reader{Client: client, Dialects: dialects, Decoder: decoder, Now: e.Now, Open: dispose.Dispositions(client, client)}
	return &postOffice{reader, client, client, settings, decoder}, nil
}

// explain words an error of the reader: with the cluster's own words translated, and
// for a topic that isn't there with those that may have been meant.
func (o *postOffice) explain(ctx context.Context, err error) error {
	var missing *dlq.TopicNotFoundError
	var partition *dlq.PartitionNotFoundError
	switch {
	case errors.As(err, &partition):
		return usagef("", "%v", err)
	case !errors.As(err, &missing):
		return o.settings.Explain(err)
	}
	return o.noTopic(ctx, err, missing.Topic, "\"evtctl dlq list\" shows the dead-letter topics")
}

// noTopic words that a topic isn't there, with those that may have been meant.
func (o *postOffice) noTopic(ctx context.Context, err error, topic, hint string) error {
	if topics, listed := kadm.NewClient(o.client).ListTopics(ctx); listed == nil {
		if near := schema.Near(topic, topics.Names()); len(near) > 0 {
			hint = "there is " + strings.Join(near, ", ")
		}
	}
	return usagef(hint, "%v", err)
}

// faulty gives the error for stretches of a topic that could not be read; nil for none.
func faulty(topic string, faults []dlq.Fault, read int64) error {
	if len(faults) == 0 {
		return nil
	}
	f := faults[0]
	text := fmt.Sprintf("%s:%d: offsets %d to %d could not be read: %s", topic, f.Partition, f.From, f.To-1, f.Reason)
	if len(faults) > 1 {
		text += fmt.Sprintf("; and %d more such places", len(faults)-1)
	}
	if read == 0 {
		return errors.New(text)
	}
	return &partialError{errors.New(text)}
}
