package wire_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evtctl/evtctl/schema/wire"
)

var stringSchema = &wire.Schema{Format: wire.Avro, Text: `"string"`}

// id is data of a schema of that number: the string "a".
func id(n byte) []byte { return []byte{0, 0, 0, 0, n, 2, 'a'} }

func TestASchemaIsFetchedOnce(t *testing.T) {
	source := &shelf{schemas: map[wire.ID]*wire.Schema{number(1): stringSchema}}
	c := wire.NewCodec(source, wire.Options{})
	for range 3 {
		decode(t, c, id(1))
	}
	if n := source.times(number(1)); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestThoseUsedLastAreKept(t *testing.T) {
	source := &shelf{schemas: map[wire.ID]*wire.Schema{number(1): stringSchema, number(2): stringSchema, number(3): stringSchema}}
	c := wire.NewCodec(source, wire.Options{Schemas: 2})
	for _, n := range []byte{1, 2, 1, 3, 1, 2} { // 3 takes the place of 2, then 2 that of 3
		decode(t, c, id(n))
	}
	for n, want := range map[int32]int{1: 1, 2: 2, 3: 1} {
		if got := source.times(number(n)); got != want {
			t.Errorf("asked %d times for %d, want %d", got, n, want)
		}
	}
}

func TestFailuresAreRememberedBriefly(t *testing.T) {
	now := time.Unix(0, 0)
	source := &shelf{}
	c := wire.NewCodec(source, wire.Options{Forget: 10 * time.Second, Now: func() time.Time { return now }})
	ask := func() {
		t.Helper()
		_, err := c.Decode(t.Context(), wire.Value, nil, id(1))
		var bad *wire.SchemaError
		if !errors.As(err, &bad) || bad.ID != number(1) || !errors.Is(err, errUnknown) || err.Error() != "schema 1: no such schema" {
			t.Fatalf("got %v", err)
		}
	}
	for range 3 {
		ask()
	}
	if n := source.times(number(1)); n != 1 {
		t.Errorf("asked %d times at once", n)
	}
	now = now.Add(9 * time.Second)
	ask()
	if n := source.times(number(1)); n != 1 {
		t.Errorf("asked %d times before it is forgotten", n)
	}
	now = now.Add(time.Second)
	source.schemas = map[wire.ID]*wire.Schema{number(1): stringSchema}
	decode(t, c, id(1))
}

func TestOneAttemptServesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &shelf{schemas: map[wire.ID]*wire.Schema{number(1): stringSchema}, gate: make(chan struct{})}
		c := wire.NewCodec(source, wire.Options{})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { decode(t, c, id(1)) })
		}
		synctest.Wait()
		close(source.gate)
		all.Wait()
		if n := source.times(number(1)); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestWhoGivesUpDoesNotSpoilItForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &shelf{schemas: map[wire.ID]*wire.Schema{number(1): stringSchema}, gate: make(chan struct{})}
		c := wire.NewCodec(source, wire.Options{})
		impatient, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Decode(impatient, wire.Value, nil, id(1)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want that it was cancelled", err)
			}
		})
		synctest.Wait()
		all.Go(func() { decode(t, c, id(1)) })
		synctest.Wait()
		giveUp()
		synctest.Wait()
		close(source.gate)
		all.Wait()
		decode(t, c, id(1))
		if n := source.times(number(1)); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &shelf{schemas: map[wire.ID]*wire.Schema{number(1): stringSchema}, gate: make(chan struct{})}
		c := wire.NewCodec(source, wire.Options{})
		var all sync.WaitGroup
		all.Go(func() { decode(t, c, id(1)) })
		synctest.Wait()
		short, done := context.WithTimeout(t.Context(), time.Second)
		defer done()
		if _, err := c.Decode(short, wire.Value, nil, id(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that time is up", err)
		}
		close(source.gate)
		all.Wait()
	})
}

func TestSchemasThatCannotBeUsedSayWhy(t *testing.T) {
	for want, schema := range map[string]*wire.Schema{
		`schema 1: its format is "thrift", and known are avro, json and protobuf`:                                      {Format: "thrift"},
		"schema 1: parsing Protobuf schema: it is empty":                                                               {Format: wire.Protobuf},
		`schema 1: parsing Protobuf schema: line 1, column 8: it imports "x.proto", which is not among its references`: {Format: wire.Protobuf, Text: `import "x.proto";`},
	} {
		c := wire.NewCodec(&shelf{schemas: map[wire.ID]*wire.Schema{number(1): schema}}, wire.Options{})
		_, err := c.Decode(t.Context(), wire.Value, nil, id(1))
		var bad *wire.SchemaError
		if !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
