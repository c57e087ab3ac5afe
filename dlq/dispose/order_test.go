package dispose

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/evtctl/evtctl/dlq"
)

func TestMoreLettersThanTheOrderGuardTakesAreTold(t *testing.T) {
	partition, offset := int32(0), int64(7)
	for policy, fails := range map[Order]bool{Warn: false, LatestOnly: true} {
		g := newGuard()
		g.most = 2
		for n := range int64(5) {
			l := &dlq.Letter{Coordinates: dlq.Coordinates{Topic: "d", Offset: n}}
			l.Origin.Partition, l.Origin.Offset = &partition, &offset
			g.note(l, &kgo.Record{Topic: "t", Key: []byte{byte(n)}})
		}
		g.from = nil // nothing is to be read
		p := &Plan{Topic: "d", req: Request{Order: policy}}
		err := p.guard(t.Context(), g)
		var unknown *OrderUnknownError
		switch {
		case len(g.waits) != 2 || len(g.keys) != 2:
			t.Errorf("%d letters of %d keys are kept", len(g.waits), len(g.keys))
		case errors.As(err, &unknown) != fails || !fails && err != nil:
			t.Errorf("%s: error %v", policy, err)
		case !fails && (len(p.Warnings) != 1 || p.Warnings[0].Count != 3 || p.Warnings[0].Kind != "order-unlooked"):
			t.Errorf("%s: warnings %+v", policy, p.Warnings)
		}
	}
}
