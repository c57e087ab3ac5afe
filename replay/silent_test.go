package replay_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/evtctl/evtctl/replay"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestABrokerThatFreezesInTheMiddleOfACheckEndsIt(t *testing.T) {
	c := kafkatest.RealNodes(t, 1)
	topic := c.Topic(t, 2, "retention.ms=-1")
	value := make([]byte, 500_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(value) // what doesn't get smaller
	for range 20 {                                 // more than two fetches bring
		c.Produce(t, &kgo.Record{Topic: topic, Value: value}, &kgo.Record{Topic: topic, Partition: 1})
	}
	cl, adm := c.Client(t), c.Admin(t)
	var once sync.Once
	freeze := func(done, total int64) { once.Do(func() { c.PauseNode(t, 0) }) }
	t.Cleanup(func() { c.ResumeNode(t, 0) })
	_, err := replay.CheckIdempotent(t.Context(), cl, adm, replay.CheckRequest{Topic: topic, Timeout: 5 * time.Second, Progress: freeze})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that time was up", err)
	}
}
