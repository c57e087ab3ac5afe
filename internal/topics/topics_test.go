package topics_test

import (
	"testing"

	"github.com/evtctl/evtctl/dlq/ledger"
	"github.com/evtctl/evtctl/internal/topics"
	"github.com/evtctl/evtctl/replay/copies"
)

func TestWhatEvtctlKeepsIsInternal(t *testing.T) {
	for _, name := range []string{"__consumer_offsets", ledger.Topic, ledger.AuditTopic, copies.Topic} {
		if !topics.IsInternal(name) {
			t.Errorf("%s could be written to", name)
		}
	}
	for _, name := range []string{"orders-dlt", "evtctl", "evtctl.demo", "__orders"} {
		if topics.IsInternal(name) {
			t.Errorf("%s counts as internal", name)
		}
	}
}
