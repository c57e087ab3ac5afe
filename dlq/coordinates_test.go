package dlq_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/dlq"
)

func TestCoordinatesAreTopicPartitionAndOffset(t *testing.T) {
	got, err := dlq.ParseCoordinates("order-events.DLQ:3:9007199254740993")
	if want := (dlq.Coordinates{Topic: "order-events.DLQ", Partition: 3, Offset: 9007199254740993}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	text, err := json.Marshal(got)
	if err != nil || string(text) != `"order-events.DLQ:3:9007199254740993"` {
		t.Errorf("%s, %v", text, err)
	}
	for text, reason := range map[string]string{
		"": "want topic:partition:offset", "orders": "want topic", "orders:1": "want topic", "a:b:1:2": "want topic", ":0:0": "no name of a topic",
		"orders:x:0": "partition", "orders:-1:0": "partition", "orders:0:-1": "offset", "orders:0:": "offset", "orders:2147483648:0": "partition",
		"orders:0:9223372036854775808": "offset", "orders:00:1": "partition", "orders:+1:1": "partition", "or ders:0:1": "can't contain ' '",
		"..:0:0": "no name", strings.Repeat("a", 250) + ":0:0": "at most 249", "a\x1b[2J:0:0": `can't contain '\x1b'`,
	} {
		if _, err := dlq.ParseCoordinates(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, want %s", text, err, reason)
		}
	}
}

func FuzzCoordinates(f *testing.F) {
	f.Add("orders.DLQ:0:17")
	f.Add("a:-1:0")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := dlq.ParseCoordinates(text)
		if err == nil && c.String() != text {
			t.Fatalf("%q is %q", text, c)
		}
		if err != nil && len(err.Error()) > 1500 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}
