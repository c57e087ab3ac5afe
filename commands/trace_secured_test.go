package commands_test

import (
	"strings"
	"testing"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestATraceAnswersWhatTheUserMayReadAndNamesTheRest(t *testing.T) {
	c := kafkatest.Secured(t)
	open, described, hidden := c.Topic(t, 1), c.Topic(t, 2), c.Topic(t, 1)
	for _, topic := range []string{open, described, hidden} {
		c.Produce(t, &kgo.Record{Topic: topic, Key: []byte("ord-1"), Value: []byte("{}")})
	}
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, open, kmsg.ACLOperationRead)
	c.Allow(t, kafkatest.Bob, kmsg.ACLResourceTypeTopic, described, kmsg.ACLOperationDescribe)
	trace := func(flags ...string) result {
		as := []string{"-b", c.Listener(kafkatest.SASLPlaintext), "--command-config", login(t, plain(kafkatest.Bob, kafkatest.Password(kafkatest.Bob))...)}
		return run(t, nil, append(append([]string{"trace", "ord-1"}, flags...), as...)...)
	}
	if r := trace("--topic", open); r.code != 0 || !strings.Contains(r.stdout, open+":0:0") {
		t.Errorf("%+v", r)
	}
	if r := trace(); r.code != 4 || !strings.Contains(r.stdout, "ord-1: 1 record in 1 topic") || !strings.Contains(r.stderr, described+" could not be read: ") || strings.Contains(r.stdout, hidden) {
		t.Errorf("%+v", r)
	}
	if r := trace("--topic", open, "--topic", hidden); r.code != 4 || !strings.Contains(r.stdout, open+":0:0") || !strings.Contains(r.stderr, hidden+" could not be read: ") {
		t.Errorf("%+v", r)
	}
	if r := trace("--topic", described); r.code != 1 || !strings.Contains(r.stderr, described+" could not be read: ") {
		t.Errorf("%+v", r)
	}
}
