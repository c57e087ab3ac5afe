package dlq

import (
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// FuzzPieces takes whatever stands for the records of a batch apart: it ends, and its
// pieces have the records that the client's library finds in the whole, as far as it goes.
func FuzzPieces(f *testing.F) {
	record := func(delta byte) []byte { return []byte{0x12, 0, 0, delta * 2, 2, 'k', 2, 'v', 0, 0} }
	f.Add(append(record(0), record(1)...), int32(2))
	f.Add(record(0), int32(5))
	f.Add([]byte{0x0e, 0, 0, 0, 1, 1, 0xfe, 0xff, 0x7f, 0}, int32(1))
	f.Add([]byte{}, int32(-1))
	f.Fuzz(func(t *testing.T, data []byte, count int32) {
		head := make([]byte, batchHead)
		head[batchMagic], head[batchAttrs+1] = 2, byte(kgo.CodecGzip)
		binary.BigEndian.PutUint32(head[batchLength:], batchHead-lengthBefore)
		binary.BigEndian.PutUint32(head[batchLast:], uint32(max(count-1, 0)))
		binary.BigEndian.PutUint32(head[batchRecords:], uint32(count))
		s := &scanner{topic: &topic{name: "t"}, uncommitted: true}
		resp := &kmsg.FetchResponseTopicPartition{}
		whole, wholeErr := s.process(span{}, resp, 0, head, already(data), true)

		u := unpacked{head: head, data: data, left: int(count), size: len(data), held: len(data)}
		var pieces []*kgo.Record
		for u.more() {
			left := u.left
			p, whyNot := u.next()
			if whyNot != nil {
				break
			}
			if u.left >= left {
				t.Fatalf("a piece of %d records leaves %d of %d", p.records, u.left, left)
			}
			records, err := s.process(span{}, resp, 0, u.batchOf(p), already(p.data), true)
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
