package commands_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// connectLetter is a letter that says by text where it came from.
func connectLetter(dlt, topic, partition, offset string, key, value []byte) *kgo.Record {
	return &kgo.Record{Topic: dlt, Key: key, Value: value, Timestamp: time.Now(), Headers: []kgo.RecordHeader{
		{Key: "__connect.errors.topic", Value: []byte(topic)}, {Key: "__connect.errors.partition", Value: []byte(partition)},
		{Key: "__connect.errors.offset", Value: []byte(offset)}, {Key: "__connect.errors.exception.class.name", Value: []byte("a.B")},
	}}
}

// ends are where a topic's partitions end.
func ends(t *testing.T, c *kafkatest.Cluster, topic string) string {
	t.Helper()
	listed, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, o := range listed.Offsets().Sorted() {
		text = append(text, fmt.Sprint(o.Partition, "=", o.At))
	}
	return strings.Join(text, " ")
}

// TestALetterThatCanNotBeSentLeavesItsTargetAsItWas tries each by itself.
func TestALetterThatCanNotBeSentLeavesItsTargetAsItWas(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		target, compact := c.Topic(t, 1, "retention.ms=-1", "max.message.bytes=2000"), c.Topic(t, 1, "cleanup.policy=compact")
		key, value := []byte("k"), []byte(`{"n":1}`)
		for _, topic := range []string{target, compact} {
			c.Produce(t, &kgo.Record{Topic: topic, Key: key, Value: []byte("first")})
		}
		contradicts := connectLetter("", target, "0", "0", key, value)
		contradicts.Headers = append(contradicts.Headers, kgo.RecordHeader{Key: "kafka_dlt-original-topic", Value: []byte("payments")})
		spring := connectLetter("", "", "", "", key, value)
		spring.Headers = []kgo.RecordHeader{{Key: "kafka_dlt-original-topic", Value: []byte(target)}, {Key: "kafka_dlt-original-partition", Value: []byte{1}}}
		share := connectLetter("", "", "", "", nil, nil)
		share.Headers = []kgo.RecordHeader{
			{Key: "__dlq.errors.topic", Value: []byte(target)}, {Key: "__dlq.errors.partition", Value: []byte("0")}, {Key: "__dlq.errors.offset", Value: []byte("99")},
		}
		for name, test := range map[string]struct {
			rec  *kgo.Record
			says string
		}{
			"no origin":                 {&kgo.Record{Key: key, Value: value}, "it doesn't say where it came from"},
			"a malformed origin":        {connectLetter("", target, "minus one", "0", key, value), "where it came from isn't clear"},
			"a negative partition":      {connectLetter("", target, "-1", "0", key, value), "where it came from isn't clear"},
			"a partition of one byte":   {spring, "where it came from isn't clear"},
			"a contradiction":           {contradicts, "where it came from isn't clear"},
			"a name that is none":       {connectLetter("", "or\x1b[2Jders", "0", "0", key, value), "where it came from isn't clear"},
			"an internal topic":         {connectLetter("", "__consumer_offsets", "0", "0", key, value), "is internal"},
			"the ledger":                {connectLetter("", "evtctl.dlq.ledger", "0", "0", key, value), "is internal"},
			"the dead-letter topic":     {connectLetter("", "DLT", "1", "0", key, value), "the dead-letter topic itself"},
			"a topic that is gone":      {connectLetter("", "no-such-topic", "0", "0", key, value), "doesn't exist"},
			"fewer partitions":          {connectLetter("", target, "3", "0", key, value), "has 1 partition, and it is to go to partition 3"},
			"too large":                 {connectLetter("", target, "0", "0", key, make([]byte, 3000)), "max.message.bytes"},
			"no key, compacted":         {connectLetter("", compact, "0", "0", nil, value), "it has no key, and topic"},
			"a tombstone":               {connectLetter("", target, "0", "0", key, nil), "its value is null, which would be a tombstone"},
			"a pointer without a place": {share, "its value is null, which would be a tombstone"},
		} {
			t.Run(name, func(t *testing.T) {
				dlt := c.Topic(t, 2, "retention.ms=-1")
				rec := *test.rec
				rec.Topic, rec.Timestamp, rec.Headers = dlt, time.Now(), append([]kgo.RecordHeader{}, rec.Headers...)
				for i, h := range rec.Headers {
					if string(h.Value) == "DLT" {
						rec.Headers[i].Value = []byte(dlt)
					}
				}
				c.Produce(t, &rec)
				before := ends(t, c, target) + ends(t, c, compact)
				r := run(t, brokers(c), "dlq", "replay", dlt, "--yes")
				if r.code != 1 || !strings.Contains(r.stdout, test.says) || !strings.Contains(r.stderr, "none of 1 letter could be dealt with") || strings.Contains(r.stdout+r.stderr, "\x1b") {
					t.Errorf("exit code %d, want 1 and %q\nstdout %q\nstderr %q", r.code, test.says, r.stdout, r.stderr)
				}
				if after := ends(t, c, target) + ends(t, c, compact); after != before {
					t.Errorf("the targets end at %s, and did at %s", after, before)
				}
			})
		}
	})
}

func TestLettersThatAreNotThereAreNeitherSentNorSetAside(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		target, dlt := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
		c.Produce(t, &kgo.Record{Topic: target, Value: []byte("first")})
		for range 3 {
			c.Produce(t, connectLetter(dlt, target, "0", "0", []byte("k"), []byte("v")))
		}
		gone := kadm.Offsets{}
		gone.AddOffset(dlt, 0, 1, -1)
		if _, err := c.Admin(t).DeleteRecords(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
		before := ends(t, c, target)
		for at, says := range map[string]string{":0:0": "retention has deleted it", ":0:9": "beyond the end", ":5:0": "no such partition", ":0:1 :0:9": ""} {
			var letters []string
			for _, place := range strings.Fields(at) {
				letters = append(letters, dlt+place)
			}
			if says == "" { // one of two isn't there
				r := run(t, brokers(c), append([]string{"dlq", "discard", "--reason", "a test", "--yes"}, letters...)...)
				holds(t, r, 4, "failed "+dlt+":0:9: ", "")
				continue
			}
			holds(t, run(t, brokers(c), "dlq", "replay", letters[0], "--yes"), 1, says, "none of 1 letter could be dealt with")
			holds(t, run(t, brokers(c), "dlq", "discard", letters[0], "--reason", "a test", "--yes"), 1, says, "none of 1 letter could be dealt with")
			if r := run(t, brokers(c), "dlq", "edit", letters[0], "--set", ".a=1", "--yes"); r.code == 0 || !strings.Contains(r.stderr, says) {
				t.Errorf("edit: exit code %d, %q", r.code, r.stderr)
			}
		}
		for _, wrong := range []string{dlt + ":0", dlt + ":x:1", dlt + ":0:-1", ":0:1", dlt + ":99999999999:1"} {
			holds(t, run(t, brokers(c), "dlq", "replay", wrong, "--yes"), 2, "", "")
		}
		if after := ends(t, c, target); after != before {
			t.Errorf("the target ends at %s, and did at %s", after, before)
		}
	})
}

func TestAQueryThatIsNoneOrFitsNothingOrLoopsSendsNothing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		target, dlt := c.Topic(t, 1, "retention.ms=-1"), c.Topic(t, 1, "retention.ms=-1")
		c.Produce(t, &kgo.Record{Topic: target, Value: []byte("first")}, connectLetter(dlt, target, "0", "0", []byte("k"), []byte("v")))
		before := ends(t, c, target)
		for query, want := range map[string]struct {
			code         int
			says, replay string
		}{
			".cause.":      {2, "query", ""},
			"$ENV.HOME":    {2, "query", ""},
			"false":        {0, "no letter fits, of 1 looked at", "replay 0 letters"},
			"def f: f; f":  {0, "the query takes too long; does it loop?", "does it loop?"},
			".key | error": {0, "the query failed at 1 letter", "the query failed"},
		} {
			r := run(t, brokers(c), "dlq", "browse", dlt, "--where", query, "--all")
			if r.code != want.code || r.stdout != "" || !strings.Contains(r.stderr, want.says) {
				t.Errorf("browse --where %q: %+v", query, r)
			}
			r = run(t, brokers(c), "dlq", "replay", dlt, "--where", query, "--yes")
			if r.code != want.code || !strings.Contains(r.stdout, want.replay) {
				t.Errorf("replay --where %q: %+v", query, r)
			}
		}
		for set, says := range map[string]string{".a = ": "change", "empty": "gives nothing", "def f: f; f": "not JSON"} {
			if r := run(t, brokers(c), "dlq", "replay", dlt, "--set", set, "--yes"); r.code == 0 || !strings.Contains(r.stdout+r.stderr, says) && !strings.Contains(r.stdout, "not JSON") {
				t.Errorf("replay --set %q: %+v", set, r)
			}
		}
		if after := ends(t, c, target); after != before {
			t.Errorf("the target ends at %s, and did at %s", after, before)
		}
	})
}

// framed is a value with the id of a schema before it.
func framed(id uint32, data ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), data...)
}

func TestAValueThatItsSchemaCanNotReadIsShownAndNotEdited(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		i := newImitation(t)
		i.must(t, "register", file(t, "payment.avsc", `{"type":"record","name":"Payment","fields":[{"name":"id","type":"string"},{"name":"cents","type":"long"}]}`), "--subject", "payments-value", "--yes")
		env := brokers(c)
		env["EVTCTL_REGISTRY"] = i.url
		target := c.Topic(t, 1, "retention.ms=-1")
		c.Produce(t, &kgo.Record{Topic: target, Value: []byte("first")})
		good := []byte{6, 'p', '-', '1', 2}
		for name, test := range map[string]struct {
			value        []byte
			shown, saved string
		}{
			"an unknown id":     {framed(4711, good...), "4711", "4711"},
			"no magic byte":     {append([]byte{1}, framed(1, good...)[1:]...), "value (bytes", "not JSON"},
			"trailing bytes":    {framed(1, append(good, 7, 7)...), "not decoded", "2 bytes are left over"},
			"cut short":         {framed(1, good[:2]...), "not decoded", "a string of 3 bytes, and 1 bytes are left"},
			"half an id":        {[]byte{0, 0, 0}, "value (bytes", ""},
			"a bomb":            {framed(1, 0xfe, 0xff, 0xff, 0xff, 0x0f), "not decoded", ""},
			"bytes, not UTF-8":  {[]byte{0xff, 0xfe, 'a'}, "value (bytes, 3 bytes)", "not JSON"},
			"deeper than sense": {[]byte(strings.Repeat("[", 20000)), "value (text", "not JSON"},
		} {
			t.Run(name, func(t *testing.T) {
				dlt := c.Topic(t, 1, "retention.ms=-1")
				c.Produce(t, connectLetter(dlt, target, "0", "0", []byte("k"), test.value))
				before := ends(t, c, target)
				holds(t, run(t, env, "dlq", "show", dlt+":0:0"), 0, test.shown, "")
				holds(t, run(t, env, "dlq", "edit", dlt+":0:0", "--set", ".cents = 2", "--yes"), 2, "", test.saved)
				if after := ends(t, c, target); after != before {
					t.Errorf("the target ends at %s, and did at %s", after, before)
				}
				// Its bytes can be sent back as they are all the same.
				holds(t, run(t, env, "dlq", "replay", dlt+":0:0", "--yes"), 0, "replayed 1 of 1 letter", "")
			})
		}
	})
}
