package dlq

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// batchMost is where a batch has its largest time.
const batchMost = 35

// FuzzPieces takes whatever stands for the records of a batch apart: it ends, and its
// pieces have the records that the client's library finds in the whole, as far as it goes.
func FuzzPieces(f *testing.F) {
	record := func(delta byte) []byte { return []byte{0x12, 0, 0, delta * 2, 2, 'k', 2, 'v', 0, 0} }
	f.Add(append(record(0), record(1)...), int32(2), byte(0))
	f.Add(slices.Concat(
		inBatch(0, 0, []byte("k"), []byte("v"), kgo.RecordHeader{Key: "a", Value: []byte("1")}, kgo.RecordHeader{Key: "b"}),
		inBatch(-1000, 1, nil, []byte{}, kgo.RecordHeader{Key: "a", Value: []byte{}}, kgo.RecordHeader{Key: "c", Value: []byte("2")}, kgo.RecordHeader{}),
		inBatch(1, 2, []byte{}, nil),
		inBatch(2, 3, []byte("k"), nil, kgo.RecordHeader{Key: "a"}, kgo.RecordHeader{Key: "c"}, kgo.RecordHeader{Key: "d"}, kgo.RecordHeader{Key: "d"}),
	), int32(4), byte(0))
	f.Add(record(0), int32(5), byte(8))
	f.Add([]byte{0x0e, 0, 0, 0, 1, 1, 0xfe, 0xff, 0x7f, 0}, int32(1), byte(0))
	f.Add([]byte{}, int32(-1), byte(16))
	f.Fuzz(func(t *testing.T, data []byte, count int32, attrs byte) {
		head := make([]byte, batchHead)
		head[batchMagic], head[batchAttrs+1] = 2, attrs&^7|byte(kgo.CodecGzip)
		for place, is := range map[int]uint64{batchTime: 1_700_000_000_000, batchMost: 1_800_000_000_000, batchProducer: 77} {
			binary.BigEndian.PutUint64(head[place:], is)
		}
		binary.BigEndian.PutUint32(head[batchEpoch:], 5)
		binary.BigEndian.PutUint16(head[batchProducerEpoch:], 6)
		binary.BigEndian.PutUint32(head[batchLength:], batchHead-lengthBefore)
		binary.BigEndian.PutUint32(head[batchLast:], uint32(max(count-1, 0)))
		binary.BigEndian.PutUint32(head[batchRecords:], uint32(count))
		s := &scanner{topic: &topic{name: "t"}, uncommitted: true}
		resp := &kmsg.FetchResponseTopicPartition{}
		whole, wholeErr := s.process(span{}, resp, 0, head, already(data), true)

		u := unpacked{head: head, data: data, left: int(count), size: len(data), held: len(data)}
		var pieces []*kgo.Record
		var names []string
		at := int64(0)
		for u.more() {
			left := u.left
			p, whyNot := u.next()
			if whyNot != nil {
				break
			}
			if u.left >= left {
				t.Fatalf("a piece of %d records leaves %d of %d", p.records, u.left, left)
			}
			records, err := s.process(span{}, resp, at, u.batchOf(p), already(p.data), true)
			if plain, ok := u.plain(p, "t", 0, at, &names); ok {
				if err != nil {
					t.Fatalf("a piece that the library doesn't read (%v) is read as %d records", err, len(plain))
				}
				sameRecords(t, plain, records)
			}
			if len(records) > 0 {
				at = records[len(records)-1].Offset + 1
			}
			pieces = append(pieces, records...)
			if err != nil {
				break
			}
		}
		if wholeErr != nil && len(pieces) <= len(whole) || len(pieces) == len(whole) {
			return
		}
		for i, r := range whole { // offsets that go back, or are beyond the batch's, are asked for differently
			if r.Offset != int64(i) {
				return
			}
		}
		t.Errorf("%d records in pieces, %d in the whole (%v)", len(pieces), len(whole), wholeErr)
	})
}

// inBatch is a record as it is in a batch.
func inBatch(after int64, delta int32, key, value []byte, headers ...kgo.RecordHeader) []byte {
	in := kbin.AppendVarint(kbin.AppendVarlong([]byte{0}, after), delta)
	in = kbin.AppendVarintBytes(kbin.AppendVarintBytes(in, key), value)
	in = kbin.AppendVarint(in, int32(len(headers)))
	for _, h := range headers {
		in = kbin.AppendVarintBytes(kbin.AppendVarintString(in, h.Key), h.Value)
	}
	return append(kbin.AppendVarint(nil, int32(len(in))), in...)
}

func sameRecords(t *testing.T, got, want []*kgo.Record) {
	t.Helper()
	same := cmp.Comparer(func(a, b kgo.RecordAttrs) bool { // but for the codec, which nobody asks for
		return a.TimestampType() == b.TimestampType() && a.IsTransactional() == b.IsTransactional() && a.IsControl() == b.IsControl()
	})
	if diff := cmp.Diff(want, got, same); len(got)+len(want) > 0 && diff != "" {
		t.Errorf("the library reads it as (-), we as (+)\n%s", diff)
	}
}
