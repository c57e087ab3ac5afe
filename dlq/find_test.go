package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// named makes a topic whose name ends in the suffix.
func namedTopic(t *testing.T, c *kafkatest.Cluster, suffix string, configs map[string]*string) string {
	t.Helper()
	name := c.Name(t, "t") + suffix
	if _, err := c.Admin(t).CreateTopic(t.Context(), 2, -1, configs, name); err != nil {
		t.Fatal(err)
	}
	c.AwaitTopic(t, name, 2)
	return name
}

func of(t *testing.T, found *dlq.Found, topic string) *dlq.Queue {
	t.Helper()
	for i := range found.Queues {
		if found.Queues[i].Topic == topic {
			return &found.Queues[i]
		}
	}
	return nil
}

// ledger stands for what another package knows of letters.
type ledger map[dlq.Coordinates]string

func (l ledger) Of(c dlq.Coordinates) *dlq.Disposition {
	if state, ok := l[c]; ok {
		return &dlq.Disposition{State: state}
	}
	return nil
}

func (l ledger) Count(partition int32, from, to int64) (n int64) {
	for c := range l {
		if c.Partition == partition && c.Offset >= from && c.Offset < to {
			n++
		}
	}
	return n
}

func (l ledger) open(context.Context, string, [16]byte) (dlq.Dispositions, error) { return l, nil }

func TestDeadLetterTopicsAreFoundByNameAndByTheirRecords(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		week := "604800000"
		byName := namedTopic(t, c, ".DLQ", map[string]*string{"retention.ms": &week})
		byRecords := namedTopic(t, c, "-graveyard", nil)
		retry := namedTopic(t, c, "-retry-500", nil)
		plain := namedTopic(t, c, "-orders", nil)
		now := time.Now().Truncate(time.Millisecond)
		for i, topic := range []string{byName, byName, byName, byRecords, retry} {
			rec := springLetter(topic, int32(i%2), i, "a.B")
			rec.Timestamp = now.Add(time.Duration(i-120) * time.Minute)
			c.Produce(t, rec)
		}
		recent := springLetter(byName, 0, 9, "a.B")
		recent.Timestamp = now
		c.Produce(t, recent, &kgo.Record{Topic: plain, Value: []byte("{}")})

		r := newReader(t, c)
		r.Open = ledger{dlq.Coordinates{Topic: byName, Partition: 1, Offset: 0}: "discarded"}.open
		found, err := r.Find(t.Context(), dlq.FindRequest{})
		if err != nil {
			t.Fatal(err)
		}
		q := of(t, found, byName)
		if q == nil || !slices.Equal(q.Because, []string{"name", "records"}) || q.Letters != 4 || deref(q.Undisposed) != 3 || deref(q.LastHour) != 1 {
			t.Fatalf("by name: %+v", q)
		}
		if !q.Oldest.Equal(now.Add(-2*time.Hour)) || !q.Newest.Equal(now) || !q.FirstExpiry.Equal(now.Add(-2*time.Hour+7*24*time.Hour)) {
			t.Errorf("oldest %v, newest %v, expires %v", q.Oldest, q.Newest, q.FirstExpiry)
		}
		if !slices.Equal(q.Dialects, []string{"spring"}) || !slices.Equal(q.Origins, []string{"orders"}) {
			t.Errorf("dialects %v, origins %v", q.Dialects, q.Origins)
		}
		if q := of(t, found, byRecords); q == nil || !slices.Equal(q.Because, []string{"records"}) {
			t.Errorf("by records: %+v", q)
		}
		if of(t, found, plain) != nil || of(t, found, retry) != nil || !slices.Contains(found.Retries, retry) {
			t.Errorf("retries %v; the plain topic %v", found.Retries, of(t, found, plain))
		}
		if !slices.ContainsFunc(found.Notes, func(n string) bool { return strings.Contains(n, "Connect") }) {
			t.Errorf("notes %v", found.Notes)
		}
		if found, err = r.Find(t.Context(), dlq.FindRequest{Named: true}); err != nil {
			t.Fatal(err)
		}
		if q := of(t, found, byName); q == nil || q.Letters != 4 || !q.RetentionKnown || of(t, found, byRecords) != nil {
			t.Errorf("by name alone: %+v and %+v", q, of(t, found, byRecords))
		}
	})
}

// Share groups have the setting from Kafka 4.4 on: here a fake answers as such brokers do.
func TestTopicsThatShareGroupsNameAreFound(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := namedTopic(t, c, "-plain", nil)
	name := topic
	c.Kfake().KeepControl()
	c.Kfake().ControlKey(int16(kmsg.ListGroups), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		resp := kreq.ResponseKind().(*kmsg.ListGroupsResponse)
		g := kmsg.NewListGroupsResponseGroup()
		g.Group, g.GroupType = "jobs-share", "share"
		resp.Groups = append(resp.Groups, g)
		return resp, nil, true
	})
	c.Kfake().ControlKey(int16(kmsg.DescribeConfigs), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		req := kreq.(*kmsg.DescribeConfigsRequest)
		if req.Resources[0].ResourceType != kmsg.ConfigResourceTypeGroupConfig {
			return nil, nil, false
		}
		resp := kreq.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, r := range req.Resources {
			res := kmsg.NewDescribeConfigsResponseResource()
			res.ResourceType, res.ResourceName = r.ResourceType, r.ResourceName
			kv := kmsg.NewDescribeConfigsResponseResourceConfig()
			kv.Name, kv.Value = "errors.deadletterqueue.topic.name", &name
			res.Configs = append(res.Configs, kv)
			resp.Resources = append(resp.Resources, res)
		}
		return resp, nil, true
	})
	found, err := newReader(t, c).Find(t.Context(), dlq.FindRequest{})
	if err != nil {
		t.Fatal(err)
	}
	q := of(t, found, topic)
	if q == nil || !slices.Equal(q.Because, []string{"group-config"}) || !slices.Equal(q.Groups, []string{"jobs-share"}) {
		t.Errorf("queue %+v, notes %v", q, found.Notes)
	}
}

func TestTopicsThatAllowShareGroupsAreFound(t *testing.T) {
	c := kafkatest.Fake(t)
	topic, value := namedTopic(t, c, "-plain", nil), "true"
	c.Kfake().ControlKey(int16(kmsg.DescribeConfigs), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.Kfake().KeepControl()
		req := kreq.(*kmsg.DescribeConfigsRequest)
		resp := kreq.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, r := range req.Resources {
			res := kmsg.NewDescribeConfigsResponseResource()
			res.ResourceType, res.ResourceName = r.ResourceType, r.ResourceName
			if r.ResourceName == topic {
				kv := kmsg.NewDescribeConfigsResponseResourceConfig()
				kv.Name, kv.Value = "errors.deadletterqueue.group.enable", &value
				res.Configs = append(res.Configs, kv)
			}
			resp.Resources = append(resp.Resources, res)
		}
		return resp, nil, true
	})
	found, err := newReader(t, c).Find(t.Context(), dlq.FindRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if q := of(t, found, topic); q == nil || !slices.Equal(q.Because, []string{"topic-config"}) {
		t.Errorf("queue %+v, notes %v", q, found.Notes)
	}
}

// TestARealBrokersShareGroupsAreAskedAsItsVersionHasIt sets both settings where the
// broker has them, and else holds that their absence hides nothing and is no trouble.
func TestARealBrokersShareGroupsAreAskedAsItsVersionHasIt(t *testing.T) {
	c := kafkatest.Real(t)
	adm, topic, group := c.Admin(t), namedTopic(t, c, "-plain", nil), c.Name(t, "share")
	named := namedTopic(t, c, ".DLQ", nil)
	member := c.Client(t, kgo.ShareGroup(group), kgo.ConsumeTopics(topic))
	kafkatest.Eventually(t, time.Minute, "the share group", func() (bool, string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		member.PollFetches(ctx)
		groups, err := adm.ListGroupsByType(t.Context(), []string{"share"})
		return err == nil && slices.Contains(groups.Groups(), group), fmt.Sprint(groups, err)
	})
	set := func(kind kmsg.ConfigResourceType, name, key, value string) error {
		req := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kind, name
		kv := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		kv.Name, kv.Value = key, &value
		r.Configs = append(r.Configs, kv)
		req.Resources = append(req.Resources, r)
		resp, err := req.RequestWith(t.Context(), c.Client(t))
		if err != nil {
			t.Fatal(err)
		}
		return kerr.ErrorForCode(resp.Resources[0].ErrorCode)
	}
	var want []string
	for _, err := range []error{
		set(kmsg.ConfigResourceTypeTopic, topic, "errors.deadletterqueue.group.enable", "true"),
		set(kmsg.ConfigResourceTypeGroupConfig, group, "errors.deadletterqueue.topic.name", topic),
	} {
		switch {
		case err == nil:
			want = []string{"group-config", "topic-config"}
		case !errors.Is(err, kerr.InvalidConfig) && !errors.Is(err, kerr.InvalidRequest):
			t.Fatal(err)
		}
	}
	// A setting of groups that brokers have had for longer: they are read all the same.
	if err := set(kmsg.ConfigResourceTypeGroupConfig, group, "share.record.lock.duration.ms", "20000"); err != nil {
		t.Fatal(err)
	}
	found, err := newReader(t, c).Find(t.Context(), dlq.FindRequest{})
	if err != nil {
		t.Fatal(err)
	}
	q := of(t, found, topic)
	if want == nil && q != nil || want != nil && (q == nil || !slices.Equal(q.Because, want) || !slices.Contains(q.Groups, group)) {
		t.Errorf("queue %+v, want it because of %v", q, want)
	}
	if of(t, found, named) == nil || slices.ContainsFunc(found.Notes, func(n string) bool { return strings.Contains(n, "share group") || strings.Contains(n, group) }) {
		t.Errorf("queue by name %+v, notes %v", of(t, found, named), found.Notes)
	}
	t.Logf("the broker has the settings: %v", want != nil)
}

func TestStatsGroupLettersByHowTheyDied(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		topic := c.Topic(t, 3, "retention.ms=-1")
		var recs []*kgo.Record
		for n := range 1000 {
			class := "a.Common"
			if n%10 == 0 {
				class = "a.Rare"
			}
			if n == 500 {
				class = "a.Once"
			}
			recs = append(recs, springLetter(topic, int32(n%3), n, class))
		}
		c.Produce(t, recs...)
		r := newReader(t, c)
		r.Open = ledger{dlq.Coordinates{Topic: topic, Partition: 1, Offset: 0}: "replayed"}.open
		s, err := r.Stats(t.Context(), dlq.Query{Topic: topic}, 2)
		if err != nil {
			t.Fatal(err)
		}
		if s.Letters != 1000 || deref(s.Undisposed) != 999 || len(s.Groups) != 2 || s.GroupsLeftOut != 1 || s.LettersLeftOut != 1 {
			t.Fatalf("stats = %+v", s)
		}
		g := s.Groups[0]
		if g.Count != 900 || deref(g.Undisposed) != 899 || g.Share != 0.9 || *g.Class != "a.Common" || *g.Message != "order ord-999 not found" {
			t.Errorf("group = %+v", g)
		}
		if want := (dlq.Coordinates{Topic: topic, Partition: 0, Offset: 333}); g.Example != want {
			t.Errorf("example %s, want the newest, %s", g.Example, want)
		}
		if !g.First.Equal(noon.Add(time.Second)) || !g.Last.Equal(noon.Add(999*time.Second)) || !slices.Equal(g.Origins, []string{"orders"}) {
			t.Errorf("group = %+v", g)
		}
		letters, _ := read(t, r, dlq.Query{Topic: topic, Fingerprint: s.Groups[1].Fingerprint})
		if len(letters) != 99 {
			t.Errorf("the second fingerprint gives %d letters, want 99", len(letters))
		}
		letters, _ = read(t, r, dlq.Query{Topic: topic, Partitions: []int32{1}, Undisposed: true})
		if len(letters) != 332 || letters[0].Coordinates.Offset != 1 {
			t.Errorf("%d undisposed letters from %s on, want 332 from offset 1 on", len(letters), letters[0].Coordinates)
		}
	})
}

func TestTheSourceOfALetterIsFetchedOrItIsSaidWhyNot(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		orders, queue := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
		c.Produce(t, &kgo.Record{Topic: orders, Key: []byte("k"), Value: []byte(`{"a": 1, "b": {"c": 2}}`), Timestamp: noon, Headers: []kgo.RecordHeader{{Key: "x"}}})
		r := newReader(t, c)
		from := func(topic, partition, offset string) *dlq.Letter {
			return letter(t, r.Dialects, "__dlq.errors.topic", topic, "__dlq.errors.partition", partition, "__dlq.errors.offset", offset)
		}
		source := func(l *dlq.Letter) *dlq.Source {
			t.Helper()
			s, err := r.Source(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if (s.State == dlq.SourceThere) != (s.Record != nil) || s.State != dlq.SourceThere && s.Reason == "" {
				t.Errorf("source = %+v", s)
			}
			return s
		}
		l := from(orders, "0", "0")
		l.Key, l.Value = []byte("k"), []byte(`{"b":{},"a":1.0}`)
		s := source(l)
		if s.State != dlq.SourceThere {
			t.Fatalf("source = %+v", s)
		}
		cmp := dlq.Compare(l, s.Record)
		if cmp.Key != dlq.Equal || cmp.Value != dlq.FieldsLost || !slices.Equal(cmp.Lost, []string{"/b/c"}) || !slices.Equal(cmp.HeadersLost, []string{"x"}) || !*l.SourceDiffers {
			t.Errorf("comparison = %+v", cmp)
		}
		l.Coordinates.Topic = queue
		for what, test := range map[string]struct {
			letter *dlq.Letter
			want   dlq.SourceState
		}{
			"beyond the end": {from(orders, "0", "99"), dlq.SourceRecreated},
			"no partition":   {from(orders, "7", "0"), dlq.SourceGone},
			"no topic":       {from("no-such-topic", "0", "0"), dlq.SourceGone},
			"internal":       {from("__consumer_offsets", "0", "0"), dlq.SourceInternal},
			"itself":         {from("x.DLQ", "0", "0"), dlq.SourceSelf},
			"unknown":        {letter(t, r.Dialects, "__dlq.errors.topic", orders), dlq.SourceUnknown},
			"another time": {letter(t, r.Dialects, "x-original-topic", orders, "x-original-partition", "\x00\x00\x00\x00",
				"x-original-offset", "\x00\x00\x00\x00\x00\x00\x00\x00", "x-original-timestamp", "\x00\x00\x00\x00\x00\x00\x00\x07"), dlq.SourceRecreated},
		} {
			if s := source(test.letter); s.State != test.want {
				t.Errorf("%s: %+v, want %s", what, s, test.want)
			}
		}
	})
}
