package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/exactly"
)

// The two topics, in the cluster that is written to.
const (
	Topic      = "evtctl.dlq.ledger"
	AuditTopic = "evtctl.dlq.audit"
)

// partitions are what both topics are made with. All entries of one DLQ are in one
// partition, so that one reader sees them in order and others needn't be read.
const partitions = 8

// identityKey is the key of the first record of the ledger.
const identityKey = "evtctl.ledger"

// identity says whose ledger it is. A ledger that was copied from another cluster
// tells of letters that were replayed there.
type identity struct {
	Version int    `json:"version"`
	Cluster string `json:"cluster"`
	// Partitions is how many there were at first. It stays the divisor when some are
	// added: entries would otherwise be looked for where they aren't.
	Partitions int `json:"partitions"`
}

// Topics are the ledger and the audit topic of a cluster, found to be in order.
type Topics struct {
	Cluster string // the id of the cluster that has them
	id      kadm.TopicID
	count   int // divisor for partitions
}

// ErrNone says that the cluster has no ledger: nothing was ever replayed to it or
// discarded.
var ErrNone = errors.New("there is no ledger in this cluster")

// RefusedError says why a ledger can't be trusted. Nothing is written then.
type RefusedError struct {
	Problem string
	hint    string
}

func (e *RefusedError) Error() string { return "ledger " + Topic + ": " + e.Problem }

// Hint is a next step.
func (e *RefusedError) Hint() string { return e.hint }

// Open finds the topics and only reads. It fails with [ErrNone] when there are none,
// and with a [*RefusedError] when they are not to be trusted.
func Open(ctx context.Context, cl *kgo.Client) (*Topics, error) {
	found, err := look(ctx, cl)
	if err != nil {
		return nil, err
	}
	if !found.hasLedger && !found.hasAudit {
		return nil, ErrNone
	}
	return found.open(ctx, cl)
}

// Create is Open, and makes the topics where there are none: up to three replicas, as
// the cluster has brokers, and two of three in sync.
func Create(ctx context.Context, cl *kgo.Client) (*Topics, error) {
	found, err := look(ctx, cl)
	if err != nil {
		return nil, err
	}
	patience := time.Duration(0)
	if !found.hasLedger && !found.hasAudit {
		if err := found.create(ctx, cl); err != nil {
			return nil, err
		}
		patience = 15 * time.Second
	}
	// For a moment after their creation not every broker knows of the topics.
	for deadline := time.Now().Add(patience); ; {
		t, err := complete(ctx, cl)
		if err == nil || !time.Now().Before(deadline) {
			return t, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// complete is Open, and writes the first record of a ledger that has none: its maker
// ended, or hasn't come to it yet. Both would write the same.
func complete(ctx context.Context, cl *kgo.Client) (*Topics, error) {
	t, err := Open(ctx, cl)
	var empty *emptyError
	if !errors.As(err, &empty) {
		return t, err
	}
	found, err := look(ctx, cl)
	if err != nil {
		return nil, err
	}
	if err := found.identify(ctx, cl); err != nil {
		return nil, err
	}
	return Open(ctx, cl)
}

// emptyError is a new ledger without its first record.
type emptyError struct{ *RefusedError }

func (e *emptyError) Unwrap() error { return e.RefusedError }

// found is what metadata tells of the topics.
type found struct {
	cluster             string
	brokers             int
	hasLedger, hasAudit bool
	ledger, audit       kadm.TopicDetail
}

func look(ctx context.Context, cl *kgo.Client) (*found, error) {
	m, err := kadm.NewClient(cl).Metadata(now(ctx), Topic, AuditTopic)
	if err != nil {
		return nil, fmt.Errorf("looking for the ledger: %w", err)
	}
	f := &found{cluster: m.Cluster, brokers: len(m.Brokers)}
	for _, t := range []struct {
		name   string
		has    *bool
		detail *kadm.TopicDetail
	}{{Topic, &f.hasLedger, &f.ledger}, {AuditTopic, &f.hasAudit, &f.audit}} {
		*t.detail = m.Topics[t.name]
		if t.detail.Err != nil && !errors.Is(t.detail.Err, kerr.UnknownTopicOrPartition) {
			return nil, fmt.Errorf("looking for topic %q: %w", t.name, t.detail.Err)
		}
		*t.has = t.detail.Err == nil && len(t.detail.Partitions) > 0
	}
	return f, nil
}

func (f *found) create(ctx context.Context, cl *kgo.Client) error {
	compact, forever, two := "compact", "-1", "2"
	replicas := int16(min(3, f.brokers))
	ledger, audit := map[string]*string{"cleanup.policy": &compact}, map[string]*string{"retention.ms": &forever, "retention.bytes": &forever}
	if replicas >= 3 {
		ledger["min.insync.replicas"], audit["min.insync.replicas"] = &two, &two
	}
	adm := kadm.NewClient(cl)
	// The audit topic first: a ledger without one is in order, the other way round it
	// was deleted.
	for _, t := range []struct {
		name    string
		configs map[string]*string
	}{{Topic, ledger}, {AuditTopic, audit}} {
		_, err := adm.CreateTopic(ctx, partitions, replicas, t.configs, t.name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("creating topic %q: %w", t.name, err)
		}
	}
	return nil
}

func (f *found) identify(ctx context.Context, cl *kgo.Client) error {
	value, err := json.Marshal(identity{EntryVersion, f.cluster, len(f.ledger.Partitions)})
	if err != nil {
		return err
	}
	// The caller's client chooses partitions in ways of its own.
	own, err := kgo.NewClient(append(cl.Opts(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		return err
	}
	defer own.Close()
	r := &kgo.Record{Topic: Topic, Partition: 0, Key: []byte(identityKey), Value: value}
	if err := own.ProduceSync(ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("writing the ledger's first record: %w", err)
	}
	return nil
}

// open checks what was found.
func (f *found) open(ctx context.Context, cl *kgo.Client) (*Topics, error) {
	switch {
	case !f.hasLedger:
		return nil, &RefusedError{"the topic is missing, though " + AuditTopic + " is there: it was deleted, and with it what was replayed already",
			"restore it from a backup; without, all letters count as undisposed once " + AuditTopic + " is deleted too"}
	case !f.hasAudit:
		return nil, &RefusedError{"its audit topic " + AuditTopic + " is missing", "create it with as many partitions, cleanup.policy=delete and retention.ms=-1; the history before is lost"}
	}
	if err := f.checkConfig(ctx, cl); err != nil {
		return nil, err
	}
	id, err := f.identity(ctx, cl)
	if err != nil {
		return nil, err
	}
	if id.Cluster != f.cluster {
		return nil, &RefusedError{fmt.Sprintf("it belongs to cluster %q, and this is cluster %q: it was copied here, and tells of letters replayed there", id.Cluster, f.cluster),
			"leave " + Topic + " and " + AuditTopic + " out of the mirroring, and delete both here"}
	}
	if id.Partitions < 1 || id.Partitions > len(f.ledger.Partitions) || id.Partitions > len(f.audit.Partitions) {
		return nil, &RefusedError{fmt.Sprintf("it was made with %d partitions, and has %d (%s: %d)", id.Partitions, len(f.ledger.Partitions), AuditTopic, len(f.audit.Partitions)),
			"it was made anew by something else than evtctl: restore it from a backup"}
	}
	return &Topics{Cluster: f.cluster, id: f.ledger.ID, count: id.Partitions}, nil
}

// checkConfig refuses settings under which entries would be lost.
func (f *found) checkConfig(ctx context.Context, cl *kgo.Client) error {
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(ctx, Topic, AuditTopic)
	if err != nil {
		return fmt.Errorf("settings of topic %q: %w", Topic, err)
	}
	for _, topic := range []string{Topic, AuditTopic} {
		config, err := configs.On(topic, nil)
		if err == nil {
			err = config.Err
		}
		if err != nil {
			return fmt.Errorf("settings of topic %q: %w", topic, err)
		}
		for _, kv := range config.Configs {
			if kv.Key != "cleanup.policy" {
				continue
			}
			policy := kv.MaybeValue()
			if topic == Topic && strings.TrimSpace(policy) != "compact" {
				return &RefusedError{fmt.Sprintf("its cleanup.policy is %q: entries would be deleted, and their letters replayed again", policy),
					"set cleanup.policy=compact on " + Topic}
			}
			if topic == AuditTopic && strings.Contains(policy, "compact") {
				return &RefusedError{fmt.Sprintf("the cleanup.policy of %s is %q: history would be lost", AuditTopic, policy), "set cleanup.policy=delete on " + AuditTopic}
			}
		}
	}
	return nil
}

var errFound = errors.New("found")

// identity reads the ledger's first record.
func (f *found) identity(ctx context.Context, cl *kgo.Client) (id identity, err error) {
	span, err := exactly.Mark(ctx, cl, Topic, 0, -1)
	if err != nil {
		return id, fmt.Errorf("reading the ledger: %w", err)
	}
	err = exactly.ReadCommitted(ctx, cl, span, func(exactly.Notice) {}, func(r *kgo.Record) error {
		if string(r.Key) != identityKey {
			return nil
		}
		if err := json.Unmarshal(r.Value, &id); err != nil {
			return fmt.Errorf("the ledger's first record: %w", err)
		}
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return id, nil
	case err != nil:
		return id, fmt.Errorf("reading the ledger: %w", err)
	}
	adm := kadm.NewClient(cl)
	for _, topic := range []string{Topic, AuditTopic} {
		ends, err := adm.ListEndOffsets(ctx, topic)
		if err != nil {
			return id, fmt.Errorf("reading the ledger: %w", err)
		}
		written := false
		ends.Each(func(o kadm.ListedOffset) { written = written || o.Offset > 0 })
		if written {
			return id, &RefusedError{"its first record is missing, though " + topic + " was written to: it was deleted and made anew, or isn't evtctl's",
				"restore it from a backup; without, all letters count as undisposed once " + Topic + " and " + AuditTopic + " are deleted"}
		}
	}
	return id, &emptyError{&RefusedError{"it is empty: its first record was never written", "run a command that writes: it completes the ledger"}}
}

// partition is where the entries of a DLQ are, in both topics: those of what was
// imported into it too, so that its history is in one place.
func (t *Topics) partition(s Source) int32 {
	if s.imported() {
		s = Source{Cluster: t.Cluster, TopicID: s.Into}
	}
	h := fnv.New32a()
	h.Write([]byte(s.prefix()))
	return int32(h.Sum32() % uint32(t.count))
}

// check fails when the ledger isn't the one that was opened any more.
func (t *Topics) check(ctx context.Context, cl *kgo.Client) error {
	f, err := look(ctx, cl)
	if err != nil {
		return err
	}
	if !f.hasLedger || f.ledger.ID != t.id {
		return &RefusedError{"it was deleted while this was running", "find out who deletes it before anything is replayed"}
	}
	return nil
}
