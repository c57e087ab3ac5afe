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
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// postOffice is what all dlq commands work with: a reader of letters on the
// configured cluster.
type postOffice struct {
	*dlq.Reader
	client   *kgo.Client
	settings *cluster.Settings
	decoder  *letterDecoder
}

// dlqMemory is from where on the garbage collector works harder. Letters with long stack
// traces, well compressed, come in large pieces; collected as usual, they would take
// twice as much. Much less would make reading slow.
const dlqMemory = 110 << 20

// openDLQ connects to the cluster. The registry is asked when a letter needs it. The
// caller closes the office's client.
func (e *Env) openDLQ(ctx context.Context) (*postOffice, error) {
	dialects, err := e.dialects()
	if err != nil {
		return nil, err
	}
	if e.LimitMemory != nil && e.Getenv("GOMEMLIMIT") == "" {
		e.LimitMemory(dlqMemory)
	}
	client, settings, err := e.Open(ctx)
	if err != nil {
		return nil, err
	}
	decoder := &letterDecoder{env: e}
	reader := &dlq.Reader{Client: client, Dialects: dialects, Decoder: decoder, Now: e.Now, Open: dispose.Dispositions(client)}
	return &postOffice{reader, client, settings, decoder}, nil
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
	hint := "\"evtctl dlq list\" shows the dead-letter topics"
	if topics, listed := kadm.NewClient(o.client).ListTopics(ctx); listed == nil {
		if near := schema.Near(missing.Topic, topics.Names()); len(near) > 0 {
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
