package commands_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay/copies"
)

func TestACopyNeedsRightsAndSaysWhich(t *testing.T) {
	c := kafkatest.Secured(t)
	from, to := c.Topic(t, 1), c.Topic(t, 1)
	records := make([]*kgo.Record, 3000)
	for i := range records {
		records[i] = &kgo.Record{Topic: from, Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i)}
	}
	c.Produce(t, records...)
	as := []string{"-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Alice, kafkatest.Password(kafkatest.Alice))...)}
	replay := func(flags ...string) result {
		return run(t, nil, append(append([]string{"replay", "copy", "--topic", from, "--to", to, "--from", "start", "--yes"}, flags...), as...)...)
	}

	// The topic that keeps what was copied can't be made, nor written to.
	if r := replay(); r.code != 1 || !strings.Contains(r.stderr, copies.Topic) {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	c.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTopic, copies.Topic, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate)
	r := replay()
	if r.code != 1 || !strings.Contains(r.stderr, "the transactional id isn't permitted to this user") || !strings.Contains(r.stderr, "that begin with evtctl.copy.") {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	plan := run(t, nil, append([]string{"replay", "copy", "--topic", from, "--to", to, "--from", "start", "--dry-run", "-o", "json"}, as...)...)
	_, id, _ := strings.Cut(plan.stdout, `"copy": "`)
	id, _, _ = strings.Cut(id, `"`)
	for _, suffix := range []string{"", ".2"} {
		c.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTransactionalId, "evtctl.copy."+id+suffix, kmsg.ACLOperationWrite, kmsg.ACLOperationDescribe)
	}

	// The target may not be written to.
	if r = replay(); r.code != 1 || !strings.Contains(r.stderr, to) || !strings.Contains(r.stdout, "copied 0 records of") || strings.Contains(r.stdout, "failed") {
		t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}

	// Who may see less isn't told that nobody reads the target, nor that all is well with
	// what is kept of copies.
	t.Run("in the eyes of another", func(t *testing.T) {
		bob := "User:" + kafkatest.Bob
		c.Produce(t, &kgo.Record{Topic: to, Value: []byte("v")})
		for _, topic := range []string{from, to, copies.Topic} {
			c.Allow(t, bob, kmsg.ACLResourceTypeTopic, topic, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs)
		}
		c.Allow(t, bob, kmsg.ACLResourceTypeTopic, copies.Topic, kmsg.ACLOperationRead)
		r := run(t, nil, "replay", "copy", "--topic", from, "--to", to, "--from", "start", "--dry-run", "-o", "json",
			"-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Bob, kafkatest.Password(kafkatest.Bob))...))
		if r.code != 0 || !strings.Contains(r.stdout, `"known": false`) || !strings.Contains(r.stdout, "who reads topic "+to+" can't be known: this user doesn't see all groups") ||
			!strings.Contains(r.stdout, "topic "+to+" may not be read: if "+copies.Topic+" was deleted since") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
	})

	// It may, and then no more; what was copied stays, and later it goes on from there.
	t.Run("for a while", func(t *testing.T) {
		c.Allow(t, kafkatest.Alice, kmsg.ACLResourceTypeTopic, to, kmsg.ACLOperationWrite)
		slow := make(chan result)
		go func() { slow <- replay("--rate", "200/s") }()
		written(t, c, to, 400)
		deny := kadm.NewACLs().Deny("User:" + kafkatest.Alice).DenyHosts("*").Topics(to).Operations(kadm.OpWrite).ResourcePatternType(kadm.ACLPatternLiteral)
		if _, err := c.Admin(t).CreateACLs(t.Context(), deny); err != nil {
			t.Fatal(err)
		}
		r := <-slow
		if _, err := c.Admin(t).DeleteACLs(t.Context(), deny); err != nil {
			t.Fatal(err)
		}
		if r.code != 4 || !strings.Contains(r.stderr, to) || !strings.Contains(r.stdout, " left; job") || strings.Contains(r.stdout, "failed") {
			t.Errorf("exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
		if r = replay("--verify"); r.code != 0 || !strings.Contains(r.stdout, "verified: 3,000 records, alike on both sides") {
			t.Errorf("later: exit code %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
		}
	})
}

// written waits until a topic's partition 0 has so many offsets.
func written(t *testing.T, c *kafkatest.SecuredCluster, topic string, n int64) {
	t.Helper()
	kafkatest.Eventually(t, time.Minute, "records in "+topic, func() (bool, string) {
		ends, err := c.Admin(t).ListEndOffsets(t.Context(), topic)
		o, _ := ends.Lookup(topic, 0)
		return err == nil && o.Offset >= n, fmt.Sprint(o.Offset, err)
	})
}
