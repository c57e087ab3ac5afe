package exactly_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/exactly"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// soon is what a test allows a cluster for anything.
const soon = 30 * time.Second

// dlqPartitions is how many partitions the letters come from.
const dlqPartitions = 3

// job replays letters of a DLQ that is only thought of: letters are read elsewhere.
type job struct {
	c      *kafkatest.Cluster
	target string
	source ledger.Source
	topics *ledger.Topics
	book   *ledger.Book
}

func newJob(t testing.TB, c *kafkatest.Cluster, partitions int32, configs ...string) *job {
	t.Helper()
	j := &job{c: c, target: c.Topic(t, partitions, configs...), source: newSource()}
	var err error
	if j.topics, err = ledger.Create(t.Context(), c.Client(t)); err != nil {
		t.Fatal(err)
	}
	j.renew(t)
	return j
}

func newSource() ledger.Source {
	var id [16]byte
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return sourceOf(id)
}

func sourceOf(id [16]byte) ledger.Source {
	return ledger.Source{Cluster: "elsewhere", TopicID: id, Topic: "orders.DLT"}
}

// renew forgets what was read of the ledger, as a new run does.
func (j *job) renew(t testing.TB) {
	t.Helper()
	j.book = j.topics.NewBook(j.source, ledger.Run{Job: j.c.Name(t, "job"), Who: "alice", Why: "a test"})
}

func (j *job) config() exactly.Config {
	return exactly.Config{
		Client:          []kgo.Opt{kgo.SeedBrokers(j.c.Brokers()...), kgo.MetadataMinAge(50 * time.Millisecond)},
		TransactionalID: j.source.TransactionalID(), Ledger: j.book,
	}
}

// run is a new run that must succeed.
func (j *job) run(t *testing.T, items []exactly.Item) (*exactly.Receipt, []exactly.Result) {
	t.Helper()
	j.renew(t)
	cfg := j.config()
	var results []exactly.Result
	cfg.Report = func(r exactly.Result) { results = append(results, r) }
	receipt, err := exactly.Run(t.Context(), cfg, exactly.Items(items...))
	if err != nil {
		t.Fatalf("%+v: %v", receipt, err)
	}
	return receipt, results
}

// letters are the nth and following of all letters.
func (j *job) letters(n, count int) []exactly.Item {
	items := make([]exactly.Item, count)
	for i := range items {
		items[i] = letter(j.book, j.source, j.target, n+i, 100)
	}
	return items
}

// letter is the nth of all letters.
func letter(b *ledger.Book, s ledger.Source, target string, n, size int) exactly.Item {
	partition, offset := int32(n%dlqPartitions), int64(n/dlqPartitions)
	value := make([]byte, size)
	copy(value, fmt.Sprintf("letter %d", n))
	id := s.ReplayID(partition, offset, 1)
	return b.Item(ledger.Letter{
		Partition: partition, Offset: offset, Disposition: ledger.Replayed, Attempt: 1, ReplayID: id,
		Record: &kgo.Record{
			Topic: target, Partition: exactly.ByKey, Key: fmt.Appendf(nil, "%d", n%101), Value: value,
			Headers: []kgo.RecordHeader{{Key: "evtctl-replay-id", Value: []byte(id)}},
		},
	})
}

// verify reads all of the target, committed records only, and fails unless so many
// letters are there, each once, each with one entry that tells where it is.
func (j *job) verify(t *testing.T, want int) {
	t.Helper()
	lost, doubled := j.compare(t, want)
	if lost != 0 || doubled != 0 {
		t.Errorf("of %d letters %d are lost and %d doubled", want, lost, doubled)
	}
}

// compare counts what is missing and what is too much.
func (j *job) compare(t *testing.T, want int) (lost, doubled int) {
	t.Helper()
	there := map[string][]exactly.Placed{}
	for _, r := range j.c.Committed(t, j.target) {
		id := string(r.Headers[0].Value)
		there[id] = append(there[id], exactly.Placed{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
	}
	for _, places := range there {
		doubled += len(places) - 1
	}
	lost = want - len(there)
	if lost != 0 || doubled != 0 {
		return lost, doubled
	}
	for topic, entries := range map[string]map[string][]ledger.Entry{ledger.Topic: j.entries(t, ledger.Topic), ledger.AuditTopic: j.entries(t, ledger.AuditTopic)} {
		if len(entries) != want {
			t.Errorf("%s has entries of %d letters, want %d", topic, len(entries), want)
		}
		for id, e := range entries {
			if len(e) != 1 || e[0].Target == nil || len(there[id]) != 1 {
				t.Errorf("%s has %d entries of %s, which is there %d times", topic, len(e), id, len(there[id]))
				continue
			}
			if got := exactly.Placed(*e[0].Target); got != there[id][0] {
				t.Errorf("%s says that %s is at %+v; it is at %+v", topic, id, got, there[id][0])
			}
		}
	}
	return lost, doubled
}

// entries are a topic's, of this job's replays, by replay id.
func (j *job) entries(t *testing.T, topic string) map[string][]ledger.Entry {
	t.Helper()
	found := map[string][]ledger.Entry{}
	for _, r := range j.c.Committed(t, topic) {
		entries, err := j.source.Entries(r)
		if err != nil {
			t.Fatalf("%s: %v", r.Value, err)
		}
		for _, e := range entries {
			if e.Disposition == ledger.Replayed {
				found[e.ReplayID] = append(found[e.ReplayID], e)
			}
		}
	}
	return found
}
