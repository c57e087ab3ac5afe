package batch_test

import (
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/batch"
)

// one is a batch without its records: of format 2, with the first offset and the number
// of records, or of an older one, with the last offset.
func one(format byte, offset int64, records int32) []byte {
	b := make([]byte, 70)
	binary.BigEndian.PutUint64(b, uint64(offset))
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	if b[16] = format; format == 2 {
		binary.BigEndian.PutUint32(b[23:], uint32(records-1))
	}
	return b
}

func join(batches ...[]byte) (all []byte) {
	for _, b := range batches {
		all = append(all, b...)
	}
	return all
}

func TestTheExtentOfBatches(t *testing.T) {
	in := join(one(2, 10, 5), one(2, 20, 1))
	first, next, rest, ok := batch.First(in)
	if first != 10 || next != 15 || len(rest) != 70 || !ok {
		t.Errorf("%d to %d, %d bytes follow, %v", first, next, len(rest), ok)
	}
	if end := batch.End(in); end != 21 {
		t.Errorf("the end is %d", end)
	}
	for _, cut := range [][]byte{nil, in[:60], in[:69]} { // brokers cut the last one
		if _, _, _, ok := batch.First(cut); ok {
			t.Errorf("a batch in %d bytes", len(cut))
		}
	}
	if end := batch.End(in[:100]); end != 15 {
		t.Errorf("the end is %d, with half a batch", end)
	}
	lie := one(2, 0, 1)
	binary.BigEndian.PutUint32(lie[8:], 3) // smaller than its own head
	if _, _, _, ok := batch.First(lie); ok {
		t.Error("a batch that is smaller than its head")
	}
}

func TestWhatBeginsBehindAnOffsetIsLeftOut(t *testing.T) {
	in := join(one(2, 10, 5), one(2, 20, 5), one(2, 30, 5))
	for _, x := range []struct{ offset, behind, whole int64 }{{10, 10, 0}, {11, 20, 1}, {20, 20, 1}, {24, 30, 2}, {31, -1, 3}} {
		before, behind := batch.Before(in, x.offset)
		if behind != x.behind || int64(len(before)) != 70*x.whole {
			t.Errorf("before %d: %d bytes, the next begins at %d", x.offset, len(before), behind)
		}
	}
	// Of a compressed one of before 2017 the last record's offset is told only.
	old := join(one(1, 9, 0), one(2, 10, 1))
	before, behind := batch.Before(old, 5)
	if len(before) != 70 || behind != 10 || !batch.Old(old) || batch.Old(in) {
		t.Errorf("%d bytes, the next begins at %d", len(before), behind)
	}
}

func TestAnAbortedTransactionEndsWithItsMarker(t *testing.T) {
	aborted := []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1, FirstOffset: 30}, {ProducerID: 2, FirstOffset: 5}, {ProducerID: 1, FirstOffset: 10}}
	marker := func(producer, offset int64, kind byte) *kgo.Record {
		return &kgo.Record{ProducerID: producer, Offset: offset, Key: []byte{0, 0, 0, kind}}
	}
	for _, x := range []struct {
		marker *kgo.Record
		left   int
	}{{marker(1, 20, 0), 2}, {marker(1, 20, 1), 3}, {marker(3, 20, 0), 3}, {marker(1, 9, 0), 3}} {
		left := batch.WithoutEnded(aborted, x.marker)
		if len(left) != x.left || len(aborted) != 3 {
			t.Errorf("%+v leaves %v", x.marker, left)
		}
		for _, a := range left {
			if x.left == 2 && a.ProducerID == 1 && a.FirstOffset == 10 {
				t.Error("the transaction that ended is left, and a later one isn't")
			}
		}
	}
}
