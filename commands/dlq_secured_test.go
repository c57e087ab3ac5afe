package commands_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

func TestATransactionalIDThatIsNotPermittedIsDoneWithoutByNameOnly(t *testing.T) {
	c := kafkatest.Secured(t)
	orders, dlt := c.Topic(t, 1), c.Topic(t, 1)
	letter := func(n int) *kgo.Record {
		return &kgo.Record{Topic: dlt, Key: fmt.Appendf(nil, "k%d", n), Value: fmt.Appendf(nil, "v%d", n), Timestamp: time.Now(), Headers: []kgo.RecordHeader{
			{Key: "__dlq.errors.topic", Value: []byte(orders)}, {Key: "__dlq.errors.partition", Value: []byte("0")}, {Key: "__dlq.errors.offset", Value: []byte("0")},
		}}
	}
	c.Produce(t, &kgo.Record{Topic: orders, Value: []byte("first")}, letter(1), letter(2))
	for _, topic := range []string{orders, ledger.Topic, ledger.AuditTopic} {
		c.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate)
	}
	as := []string{"-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Alice, kafkatest.Password(kafkatest.Alice))...)}
	replay := func(flags ...string) result {
		return run(t, nil, append(append([]string{"dlq", "replay", dlt, "--yes"}, flags...), as...)...)
	}

	r := replay()
	if r.code != 1 || !strings.Contains(r.stderr, "the transactional id isn't permitted to this user") || !strings.Contains(r.stderr, "--at-least-once") {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	// An import can't do without: it says what to ask for, and offers nothing else.
	kept := filepath.Join(t.TempDir(), "kept.jsonl")
	holds(t, run(t, nil, append([]string{"dlq", "export", dlt, "--file", kept}, as...)...), 0, "", "2 letters written")
	r = run(t, nil, append([]string{"dlq", "import", kept, "--to", orders, "--yes"}, as...)...)
	if r.code != 1 || !strings.Contains(r.stderr, "the transactional id isn't permitted to this user") || !strings.Contains(r.stderr, "WRITE and DESCRIBE") || strings.Contains(r.stderr, "--at-least-once") {
		t.Errorf("import: exit code %d, stderr %q", r.code, r.stderr)
	}
	if r = replay("--at-least-once"); r.code != 0 || !strings.Contains(r.stdout, "replayed 2 of 2 letters") {
		t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}
	if r = replay("--at-least-once"); r.code != 0 || !strings.Contains(r.stdout, "dealt with already: 2") {
		t.Errorf("again: exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}
}
