package dlq

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// Who has enough of a partition leaves an answer that was fetched ahead. It gives back its
// room, or those who read other partitions would wait for that for ever.
func TestAnswersThatNobodyWantsAnyMoreLeaveTheirRoom(t *testing.T) {
	c := kafkatest.Fake(t)
	name := c.Topic(t, 1)
	value := make([]byte, 500_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(value) // what doesn't get smaller
	for range 12 {
		c.Produce(t, &kgo.Record{Topic: name, Value: value})
	}
	cl := c.Client(t)
	described, err := describeOne(t.Context(), cl, name)
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(cl, described)
	err = s.each(t.Context(), span{0, 0, 12}, func([]*kgo.Record) error {
		time.Sleep(300 * time.Millisecond) // meanwhile the next answer comes
		return errEnough
	})
	if err != errEnough {
		t.Fatal(err)
	}
	if !s.load.answers.TryAcquire(answersAtOnce) {
		t.Error("an answer still has its room")
	}
}
