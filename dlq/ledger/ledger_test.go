package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

const soon = 30 * time.Second

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func silent(exactly.Notice) {}

// desk is somebody who disposes of letters of one DLQ.
type desk struct {
	from, to *kafkatest.Cluster // that of the DLQ, that of the target and the ledger
	source   ledger.Source
	topics   *ledger.Topics
	target   string
}

func newDesk(t *testing.T, from, to *kafkatest.Cluster, dlq string) *desk {
	t.Helper()
	source, err := ledger.SourceOf(t.Context(), from.Client(t), dlq)
	if err != nil {
		t.Fatal(err)
	}
	topics, err := ledger.Create(t.Context(), to.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	return &desk{from, to, source, topics, to.Topic(t, 1)}
}

func (d *desk) run(t *testing.T, letters ...ledger.Letter) *exactly.Receipt {
	t.Helper()
	book := d.topics.NewBook(d.source, ledger.Run{Job: d.to.Name(t, "job"), Who: `O'Neil "<ops>"`, Why: "ticket é-7", Now: func() time.Time { return noon }})
	cfg := exactly.Config{Client: []kgo.Opt{kgo.SeedBrokers(d.to.Brokers()...)}, TransactionalID: d.source.TransactionalID(), Ledger: book}
	receipt, err := exactly.Run(t.Context(), cfg, func(context.Context) iter.Seq2[exactly.Item, error] {
		return func(yield func(exactly.Item, error) bool) {
			for _, l := range letters {
				if l.Disposition == ledger.Replayed || l.Disposition == ledger.Edited {
					l.Record = &kgo.Record{Topic: d.target, Key: []byte("k"), Value: []byte("v")}
					l.ReplayID = d.source.ReplayID(l.Partition, l.Offset, l.Attempt)
				}
				if !yield(book.Item(l), nil) {
					return
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func (d *desk) index(t *testing.T) *ledger.Index {
	t.Helper()
	x, err := d.topics.Read(t.Context(), d.to.Client(t), d.source, silent)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTheIndexTellsTheNewestDispositionAndTheHistoryAll(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		d := newDesk(t, c, c, c.Topic(t, 3))
		other := newDesk(t, c, c, c.Topic(t, 3))
		d.run(t, ledger.Letter{Partition: 1, Offset: 7, Disposition: ledger.Replayed, Attempt: 1, HashBefore: "a", HashAfter: "b"})
		d.run(t, ledger.Letter{Partition: 1, Offset: 7, Disposition: ledger.Restored})
		d.run(t,
			ledger.Letter{Partition: 1, Offset: 7, Disposition: ledger.Edited, Attempt: 2, Why: "its own"},
			ledger.Letter{Partition: 2, Offset: 0, Disposition: ledger.Parked},
			ledger.Letter{Partition: 2, Offset: 1, Disposition: ledger.Discarded},
		)
		other.run(t, ledger.Letter{Partition: 1, Offset: 8, Disposition: ledger.Discarded})

		x := d.index(t)
		for _, want := range []struct {
			partition int32
			offset    int64
			is        ledger.Disposition
			attempt   int
		}{{1, 7, ledger.Edited, 2}, {2, 0, ledger.Parked, 0}, {2, 1, ledger.Discarded, 0}, {1, 8, "", 0}, {0, 0, "", 0}} {
			got, disposed := x.Disposition(want.partition, want.offset)
			if got != want.is || disposed != (want.is != "") || x.Attempt(want.partition, want.offset) != want.attempt {
				t.Errorf("%d:%d is %q (%t) after %d attempts, want %+v", want.partition, want.offset, got, disposed, x.Attempt(want.partition, want.offset), want)
			}
		}
		if x.Disposed(2) != 2 || x.Prefix(2, 0) != 2 || x.Prefix(1, 0) != 0 {
			t.Errorf("partition 2 has %d disposed, up to %d", x.Disposed(2), x.Prefix(2, 0))
		}

		if n := x.Count(2, 0, 9); n != 2 || x.Count(2, 1, 2) != 1 || x.Count(2, 2, 9) != 0 || x.Count(0, 0, 9) != 0 {
			t.Errorf("partition 2 has %d disposed before offset 9", n)
		}
		var history []ledger.Entry
		err := d.topics.History(t.Context(), c.Client(t), d.source, silent, func(e ledger.Entry) error {
			history = append(history, e)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(history) != 5 {
			t.Fatalf("%d entries, want 5", len(history))
		}
		first := history[0]
		first.Job, first.TopicID, first.Target.Topic = "", "", ""
		want := ledger.Entry{
			Version: 1, Disposition: ledger.Replayed, Attempt: 1, Cluster: d.source.Cluster, Topic: d.source.Topic, Partition: 1, Offset: 7,
			ReplayID: d.source.ReplayID(1, 7, 1), HashBefore: "a", HashAfter: "b", Who: `O'Neil "<ops>"`, Why: "ticket é-7", At: noon, Target: &ledger.Target{},
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("the first entry (-want +got):\n%s", diff)
		}
		if history[1].Disposition != ledger.Restored || history[1].Attempt != 1 || history[2].Why != "its own" {
			t.Errorf("the next are %+v and %+v", history[1], history[2])
		}
	})
}

func TestATopicMadeAnewHasNoDispositions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		dlq := c.Topic(t, 1)
		newDesk(t, c, c, dlq).run(t, ledger.Letter{Disposition: ledger.Discarded})
		adm := c.Admin(t)
		remove(t, adm, dlq)
		kafkatest.Eventually(t, soon, "the topic made anew", func() (bool, string) {
			topics, err := adm.ListTopics(t.Context(), dlq)
			if topics.Has(dlq) && topics[dlq].Err == nil {
				return true, ""
			}
			_, _ = adm.CreateTopic(t.Context(), 1, -1, nil, dlq) // the next look tells
			return false, fmt.Sprint(err)
		})
		if d, disposed := newDesk(t, c, c, dlq).index(t).Disposition(0, 0); disposed {
			t.Errorf("its first letter is %s", d)
		}
	})
}

func TestTheGroupStandsAtTheFirstUndisposedLetterOfTheDLQsOwnCluster(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, from *kafkatest.Cluster) {
		to := kafkatest.Fake(t) // another cluster is the target, and has the ledger
		dlq := from.Topic(t, 2)
		// Letters at 0, 2 and 4 of partition 0: between them are control records.
		cl := from.Client(t, kgo.TransactionalID(from.Name(t, "writer")), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for range 3 {
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: dlq, Value: []byte("dead")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
				t.Fatal(err)
			}
		}
		d := newDesk(t, from, to, dlq)
		for _, step := range []struct {
			offset int64
			as     ledger.Disposition
			at     int64
		}{
			{2, ledger.Discarded, 0}, {0, ledger.Replayed, 4}, {4, ledger.Parked, 6}, {2, ledger.Restored, 2},
		} {
			if r := d.run(t, ledger.Letter{Offset: step.offset, Disposition: step.as, Attempt: 1}); r.Written != 1 {
				t.Fatalf("%+v: %+v", step, r)
			}
			x := d.index(t)
			kafkatest.Eventually(t, soon, fmt.Sprintf("the group at %d", step.at), func() (bool, string) {
				got, err := ledger.CommitPrefix(t.Context(), from.Client(t), d.source, x)
				return err == nil && got[0] == step.at && got[1] == 0, fmt.Sprint(got, err)
			})
			offsets, err := from.Admin(t).FetchOffsets(t.Context(), d.source.Group())
			if o, ok := offsets.Lookup(dlq, 0); err != nil || !ok || o.At != step.at {
				t.Errorf("after %+v the group stands at %+v, %v", step, o, err)
			}
		}
		if topics, err := from.Admin(t).ListTopics(t.Context()); err != nil || !from.IsReal() && topics.Has(ledger.Topic) {
			t.Errorf("the DLQ's own cluster has a ledger, %v", err)
		}
	})
}

func TestALedgerThatCanNotBeTrustedIsRefusedWithTheReason(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, c *kafkatest.Cluster)
		says  string
	}{
		"deleted": {func(t *testing.T, c *kafkatest.Cluster) { remove(t, c.Admin(t), ledger.Topic) }, "it was deleted"},
		"deleted and made anew": {func(t *testing.T, c *kafkatest.Cluster) {
			remove(t, c.Admin(t), ledger.Topic)
			policy := "compact"
			if _, err := c.Admin(t).CreateTopic(t.Context(), 8, -1, map[string]*string{"cleanup.policy": &policy}, ledger.Topic); err != nil {
				t.Fatal(err)
			}
		}, "deleted and made anew"},
		"without its audit topic": {func(t *testing.T, c *kafkatest.Cluster) { remove(t, c.Admin(t), ledger.AuditTopic) }, "is missing"},
		"not compacted":           {func(t *testing.T, c *kafkatest.Cluster) { set(t, c, ledger.Topic, "delete") }, `its cleanup.policy is "delete"`},
		"compacted and deleted":   {func(t *testing.T, c *kafkatest.Cluster) { set(t, c, ledger.Topic, "compact,delete") }, `its cleanup.policy is "compact,delete"`},
		"its audit compacted":     {func(t *testing.T, c *kafkatest.Cluster) { set(t, c, ledger.AuditTopic, "compact") }, "history would be lost"},
		"copied from elsewhere": {func(t *testing.T, c *kafkatest.Cluster) {
			remove(t, c.Admin(t), ledger.Topic)
			policy := "compact"
			if _, err := c.Admin(t).CreateTopic(t.Context(), 8, -1, map[string]*string{"cleanup.policy": &policy}, ledger.Topic); err != nil {
				t.Fatal(err)
			}
			c.Produce(t, &kgo.Record{Topic: ledger.Topic, Key: []byte("evtctl.ledger"), Value: []byte(`{"version":1,"cluster":"prod-eu","partitions":8}`)})
		}, `it belongs to cluster "prod-eu"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := kafkatest.Fake(t) // one of its own: the shared one's ledger stays whole
			d := newDesk(t, c, c, c.Topic(t, 1))
			d.run(t, ledger.Letter{Disposition: ledger.Discarded})
			test.spoil(t, c)
			for what, open := range map[string]func(context.Context, *kgo.Client) (*ledger.Topics, error){"open": ledger.Open, "create": ledger.Create} {
				_, err := open(t.Context(), c.Client(t))
				var refused *ledger.RefusedError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.says) || refused.Hint() == "" {
					t.Errorf("%s: %v; want to hear that %s", what, err, test.says)
				}
			}
		})
	}
}

func TestAClusterWithoutALedgerIsNotRefused(t *testing.T) {
	if _, err := ledger.Open(t.Context(), kafkatest.Fake(t).Client(t)); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("%v", err)
	}
}

func remove(t *testing.T, adm *kadm.Client, topic string) {
	t.Helper()
	if _, err := adm.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, soon, "topic "+topic+" to be gone", func() (bool, string) {
		topics, err := adm.ListTopics(t.Context())
		return err == nil && !topics.Has(topic), fmt.Sprint(err)
	})
}

func set(t *testing.T, c *kafkatest.Cluster, topic, policy string) {
	t.Helper()
	resp, err := c.Admin(t).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "cleanup.policy", Value: &policy}}, topic)
	if err != nil || resp[0].Err != nil {
		t.Fatal(err, resp)
	}
}
