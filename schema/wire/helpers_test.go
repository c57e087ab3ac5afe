package wire_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/evtctl/evtctl/schema/wire"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

var errUnknown = errors.New("no such schema")

// shelf is a source that knows some schemas, and counts what it is asked.
type shelf struct {
	mu      sync.Mutex
	schemas map[wire.ID]*wire.Schema
	asked   map[wire.ID]int
	err     error
	gate    chan struct{} // when set, answers wait for it
}

func (s *shelf) Schema(ctx context.Context, id wire.ID) (*wire.Schema, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = map[wire.ID]int{}
	}
	s.asked[id]++
	schema, err, gate := s.schemas[id], s.err, s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err == nil && schema == nil {
		err = errUnknown
	}
	return schema, err
}

func (s *shelf) times(id wire.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[id]
}

func number(n int32) wire.ID { return wire.ID{Number: n} }

// only is a codec that knows one schema, number 1.
func only(format wire.Format, text string, refs ...wire.Reference) *wire.Codec {
	return codec(wire.Options{}, format, text, refs...)
}

func codec(o wire.Options, format wire.Format, text string, refs ...wire.Reference) *wire.Codec {
	return wire.NewCodec(&shelf{schemas: map[wire.ID]*wire.Schema{
		number(1): {Format: format, Text: text, References: refs},
	}}, o)
}

// framed puts the id 1 in front of data.
func framed(data ...byte) []byte { return append([]byte{0, 0, 0, 0, 1}, data...) }

func decode(t testing.TB, c *wire.Codec, data []byte) *wire.Message {
	t.Helper()
	m, err := c.Decode(t.Context(), wire.Value, nil, data)
	if err != nil {
		t.Fatalf("decoding %x: %v", data, err)
	}
	return m
}

func encode(t testing.TB, c *wire.Codec, f wire.Frame, json string) []byte {
	t.Helper()
	e, err := c.Encode(t.Context(), wire.Value, f, []byte(json))
	if err != nil {
		t.Fatalf("encoding %s: %v", json, err)
	}
	return e.Data
}

// back encodes JSON, decodes that, and wants the same JSON again.
func back(t testing.TB, c *wire.Codec, f wire.Frame, json string) *wire.Message {
	t.Helper()
	m := decode(t, c, encode(t, c, f, json))
	if string(m.JSON) != json {
		t.Errorf("%s comes back as %s", json, m.JSON)
	}
	return m
}

// fails decodes and wants a DataError with these words.
func fails(t testing.TB, c *wire.Codec, data []byte, want string) *wire.DataError {
	t.Helper()
	m, err := c.Decode(t.Context(), wire.Value, nil, data)
	return wantDataError(t, fmt.Sprintf("decoding %.40x gives %v", data, m), err, want)
}

func wantDataError(t testing.TB, what string, err error, want string) *wire.DataError {
	t.Helper()
	var bad *wire.DataError
	if !errors.As(err, &bad) || err.Error() != want {
		t.Fatalf("%s and %v (%T), want the DataError %q", what, err, err, want)
	}
	return bad
}

func header(key string, value ...byte) kgo.RecordHeader {
	return kgo.RecordHeader{Key: key, Value: value}
}

var someGUID = uuid.MustParse("0c5a7f7e-2c0c-4a0d-8e6f-5f4b6a1d9b1e")
