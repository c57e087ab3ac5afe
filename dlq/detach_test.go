package dlq_test

import (
	"testing"

	"github.com/evtctl/evtctl/dlq"
)

// Plain JSON is decoded without a copy.
func TestADetachedLetterSharesNothing(t *testing.T) {
	shared := []byte(`{"a":1}{"b":2}h`)
	l := &dlq.Letter{Key: shared[:7], Value: shared[7:14], Headers: []dlq.Header{{Key: "x", Value: shared[14:]}}}
	l.Decode(t.Context(), nil, nil)
	decoded := l.Decoded
	l.Detach()
	clear(shared)
	if got := string(l.Key) + string(l.Value) + string(l.Headers[0].Value); got != `{"a":1}{"b":2}h` {
		t.Errorf("its bytes are %q", got)
	}
	if got := string(l.Decoded.Key.JSON) + string(l.Decoded.Value.JSON); got != `{"a":1}{"b":2}` {
		t.Errorf("what is decoded of it is %q", got)
	}
	if decoded.Key.JSON[0] != 0 {
		t.Error("what others have of the letter was changed")
	}
}
