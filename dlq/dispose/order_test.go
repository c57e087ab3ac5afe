package dispose

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
	"github.com/evtctl/evtctl/internal/kafkatest"
)

// The first letters are looked at as always; of those beyond what fits, it is told how many
// there are, and who must not be sent when overtaken isn't sent unseen.
func TestMoreLettersThanTheOrderGuardTakesAreTold(t *testing.T) {
	c := kafkatest.Fake(t)
	topic := c.Topic(t, 1)
	for range 2 { // the second of each key is newer than where its letter came from
		for key := range byte(5) {
			c.Produce(t, &kgo.Record{Topic: topic, Key: []byte{key}, Value: []byte("v")})
		}
	}
	partition := int32(0)
	for policy, want := range map[Order]string{
		Warn: "order-unlooked 3, overtaken 2", Skip: "unknown", LatestOnly: "unknown",
	} {
		g := newGuard()
		g.most = 2
		for n := range int64(5) {
			l := &dlq.Letter{Coordinates: dlq.Coordinates{Topic: "d", Offset: n}}
			l.Origin.Partition, l.Origin.Offset = &partition, &n
			g.note(l, &kgo.Record{Topic: topic, Key: []byte{byte(n)}})
		}
		if len(g.waits) != 2 || len(g.keys) != 2 {
			t.Errorf("%d letters of %d keys are kept", len(g.waits), len(g.keys))
		}
		p := &Plan{Topic: "d", target: Look(c.Client(t)), req: Request{Order: policy}}
		err := p.guard(t.Context(), g)
		var unknown *OrderUnknownError
		got := ""
		for _, w := range p.Warnings {
			got += ", " + w.Kind + " " + string('0'+rune(w.Count))
		}
		if errors.As(err, &unknown) {
			got, err = ", unknown", nil
			if !strings.Contains(unknown.Error(), "more than 2, too many") || !strings.Contains(unknown.Hint(), "--limit") {
				t.Errorf("%s: %v, %s", policy, unknown, unknown.Hint())
			}
		}
		if got != ", "+want || err != nil {
			t.Errorf("%s: %s, want %s, error %v", policy, got, want, err)
		}
	}
}
