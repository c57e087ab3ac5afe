package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Fake starts an in-process cluster for this test alone; it ends with the test.
// It has kfake's three brokers unless an option says otherwise, and, like the
// real one here, it doesn't create topics by itself.
//
// The fake answers from the first millisecond, and says yes to more than Kafka
// does: what a test needs Kafka to refuse belongs on [Real].
func Fake(t testing.TB, opts ...kfake.Opt) *Cluster {
	t.Helper()
	fake, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatalf("starting the fake cluster: %v", err)
	}
	t.Cleanup(fake.Close)
	return &Cluster{brokers: fake.ListenAddrs(), fake: fake}
}
