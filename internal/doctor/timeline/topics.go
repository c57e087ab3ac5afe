package timeline

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/hedge"
)

// TopicNotFoundError tells of a topic, or a pattern, that the cluster has nothing for.
type TopicNotFoundError struct {
	Topic string
	Names []string // of the topics that there are
}

func (e *TopicNotFoundError) Error() string {
	if isPattern(e.Topic) {
		return fmt.Sprintf("no topic matches %q", e.Topic)
	}
	return fmt.Sprintf("topic %q: not found in this cluster", e.Topic)
}

// TopicKind is what a topic is for, as its name tells.
type TopicKind string

// The kinds of topics.
const (
	Events  TopicKind = "events"
	Letters TopicKind = "letters"
	Retries TopicKind = "retries"
)

var (
	retryTopic  = regexp.MustCompile(`(?i)[._-]retry([._-][0-9]+(ms|s|m|h)?)?$`)
	letterTopic = regexp.MustCompile(`(?i)([._-](dlq|dlt|dead[._-]letters?([._-]queue)?|error)$)|^(error\.|dlq[.-]|dead-letter-topic-)|^(dlq|dlt)$|_poisoned$`)
)

func kindOf(topic string) TopicKind {
	switch {
	case retryTopic.MatchString(topic):
		return Retries
	case letterTopic.MatchString(topic):
		return Letters
	}
	return Events
}

// topic is one to read.
type topic struct {
	name       string
	id         kadm.TopicID
	kind       TopicKind
	appendTime bool // the broker sets its time stamps
	partitions []partition
}

// partition is the part of it that the window takes in: [from, to).
type partition struct {
	leader          int32
	start, from, to int64
	open            int64 // offsets that an open transaction holds back
	err             error
}

// span is what to read of a partition.
type span struct {
	topic     *topic
	partition int32
}

func (s span) extent() (from, to int64) {
	p := s.topic.partitions[s.partition]
	return p.from, p.to
}

// topics gives those of the query that may be read, with their extents. What may not be
// read is noted in the report.
func (s *search) chooseTopics(ctx context.Context) error {
	details, err := s.list(ctx)
	if err != nil {
		return fmt.Errorf("listing topics: %w", err)
	}
	var hidden []string
	for _, name := range s.q.Topics { // the listing has only what the user may see
		if !isPattern(name) && !details.Has(name) {
			hidden = append(hidden, name)
		}
	}
	if err := s.unseen(ctx, hidden, details); err != nil {
		return err
	}
	for _, pattern := range s.q.Topics {
		if isPattern(pattern) && !slices.ContainsFunc(details.Names(), func(name string) bool { return !internal(name) && matches(pattern, name) }) {
			return &TopicNotFoundError{pattern, details.Names()}
		}
	}
	for _, d := range details.Sorted() {
		switch {
		case !s.wanted(d):
		case d.Err != nil:
			s.unread(Unread{Topic: d.Topic, Partition: -1, Reason: s.word(d.Err)})
		default:
			s.topics = append(s.topics, newTopic(d))
		}
	}
	return s.extents(ctx)
}

// list asks for topics as they are now, all of them or those that are named.
func (s *search) list(ctx context.Context, names ...string) (kadm.TopicDetails, error) {
	return ask(ctx, s, func(ctx context.Context) (kadm.TopicDetails, error) {
		return hedge.Read(ctx, func(ctx context.Context) (kadm.TopicDetails, error) {
			// Asking for what is allowed keeps the client from answering with what it knew.
			return s.adm.ListTopics(kadm.WithAuthorizedOps(ctx), names...)
		})
	})
}

// unseen tells topics that aren't there from those that the user may not see.
func (s *search) unseen(ctx context.Context, names []string, listed kadm.TopicDetails) error {
	for _, name := range names {
		details, err := s.list(ctx, name)
		if err == nil {
			err = details[name].Err
		} else if !errors.Is(err, kerr.TopicAuthorizationFailed) {
			return fmt.Errorf("topic %q: %w", name, err)
		}
		if err == nil || errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.InvalidTopicException) {
			return &TopicNotFoundError{name, listed.Names()}
		}
		s.unread(Unread{Topic: name, Partition: -1, Reason: s.word(err)})
	}
	return nil
}

func internal(name string) bool { return dlq.IsInternal(name) || strings.HasPrefix(name, "__") }

func (s *search) wanted(d kadm.TopicDetail) bool {
	if len(s.q.Topics) == 0 {
		return !d.IsInternal && !internal(d.Topic)
	}
	return slices.ContainsFunc(s.q.Topics, func(pattern string) bool {
		return pattern == d.Topic || isPattern(pattern) && !internal(d.Topic) && matches(pattern, d.Topic)
	})
}

func newTopic(d kadm.TopicDetail) *topic {
	t := &topic{name: d.Topic, id: d.ID, kind: kindOf(d.Topic), partitions: make([]partition, len(d.Partitions))}
	for i := range t.partitions {
		p := d.Partitions[int32(i)]
		t.partitions[i].leader = p.Leader
		if p.Leader < 0 {
			t.partitions[i].err = kerr.LeaderNotAvailable
		}
	}
	return t
}

// disorder is how far a record may be from its place in time: producers' clocks differ,
// and they try again. So much is read beyond the end of the window.
const disorder = time.Hour

// extents asks where the window begins and ends in each partition. What committed
// records end at is asked after the end, which it would be behind otherwise.
func (s *search) extents(ctx context.Context) error {
	var names []string
	for _, t := range s.topics {
		if len(t.partitions) > 0 {
			names = append(names, t.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	s.readTimeTypes(ctx, names)
	var starts, ends, stables, begins, untils kadm.ListedOffsets
	for _, step := range []struct {
		to   *kadm.ListedOffsets
		skip bool
		list func(context.Context) (kadm.ListedOffsets, error)
	}{
		{&starts, false, func(ctx context.Context) (kadm.ListedOffsets, error) { return s.adm.ListStartOffsets(ctx, names...) }},
		{&ends, false, func(ctx context.Context) (kadm.ListedOffsets, error) { return s.adm.ListEndOffsets(ctx, names...) }},
		{&stables, false, func(ctx context.Context) (kadm.ListedOffsets, error) {
			return s.adm.ListCommittedOffsets(ctx, names...)
		}},
		{&begins, s.q.Since.IsZero(), func(ctx context.Context) (kadm.ListedOffsets, error) {
			return s.adm.ListOffsetsAfterMilli(ctx, max(0, s.q.Since.UnixMilli()), names...)
		}},
		{&untils, s.q.Until.IsZero(), func(ctx context.Context) (kadm.ListedOffsets, error) {
			return s.adm.ListOffsetsAfterMilli(ctx, max(0, s.q.Until.Add(disorder).UnixMilli()), names...)
		}},
	} {
		if step.skip {
			continue
		}
		listed, err := ask(ctx, s, step.list)
		if err = some(err); err != nil {
			return fmt.Errorf("topic %q: listing its offsets: %w", names[0], err)
		}
		*step.to = listed
	}
	for _, t := range s.topics {
		for i := range t.partitions {
			p, n := &t.partitions[i], int32(i)
			p.start = p.take(starts, t.name, n)
			end := p.take(ends, t.name, n)
			p.to = p.take(stables, t.name, n)
			p.open = max(0, end-max(p.to, p.start))
			p.from = p.start
			if begins != nil {
				p.from = max(p.from, p.take(begins, t.name, n))
			}
			if untils != nil {
				p.to = min(p.to, p.take(untils, t.name, n))
			}
			if p.err != nil {
				s.unread(Unread{Topic: t.name, Partition: n, Reason: s.word(p.err)})
				p.from, p.to = 0, 0
			}
		}
	}
	return nil
}

func (p *partition) take(listed kadm.ListedOffsets, topic string, n int32) int64 {
	o, ok := listed.Lookup(topic, n)
	switch {
	case p.err != nil:
	case !ok:
		p.err = errors.New("no broker listed its offsets")
	case o.Err != nil:
		p.err = o.Err
	}
	return o.Offset
}

// some drops the error of brokers that did not answer where others did: each partition
// has its own.
func some(err error) error {
	var shards *kadm.ShardErrors
	if errors.As(err, &shards) && !shards.AllFailed {
		return nil
	}
	return err
}

// readTimeTypes asks whose clock a topic's time stamps are of. Where that isn't told,
// its records tell.
func (s *search) readTimeTypes(ctx context.Context, names []string) {
	configs, _ := ask(ctx, s, func(ctx context.Context) (kadm.ResourceConfigs, error) {
		return hedge.Read(ctx, func(ctx context.Context) (kadm.ResourceConfigs, error) {
			return s.adm.DescribeTopicConfigs(ctx, names...)
		})
	})
	for _, c := range configs {
		for _, kv := range c.Configs {
			if kv.Key == "message.timestamp.type" && kv.Value != nil && *kv.Value == "LogAppendTime" {
				for _, t := range s.topics {
					t.appendTime = t.appendTime || t.name == c.Name
				}
			}
		}
	}
}

// keyed gives the partition that Kafka's own partitioner puts a key into.
func (t *topic) keyed(key []byte) int32 {
	return int32(kgo.StickyKeyPartitioner(nil).ForTopic(t.name).Partition(&kgo.Record{Key: key}, len(t.partitions)))
}
