package timeline

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Places in the head of a batch.
const (
	atLength     = 8
	atMagic      = 16
	atAttributes = 21
	atLastDelta  = 23
	atProducer   = 43
	atCount      = 57
	headSize     = 61
)

// batch is one of an answer.
type batch struct {
	whole                  []byte
	body                   []byte // compressed, if it is
	first, next            int64
	count                  int64
	producer               int64
	old                    bool // of a format before transactions
	codec                  kgo.CompressionCodecType
	control, transactional bool
}

// cut takes the first batch off an answer; ok is false where there is no whole one.
func cut(in []byte) (b batch, rest []byte, ok bool) {
	if len(in) < headSize {
		return b, nil, false
	}
	length := int64(int32(binary.BigEndian.Uint32(in[atLength:]))) + 12
	if length < headSize || length > int64(len(in)) {
		return b, nil, false
	}
	b.whole, b.body = in[:length], in[headSize:length]
	b.first = int64(binary.BigEndian.Uint64(in))
	b.next, b.count = b.first+1, 1
	if b.old = in[atMagic] != 2; b.old {
		return b, in[length:], true
	}
	attributes := binary.BigEndian.Uint16(in[atAttributes:])
	b.next = b.first + int64(int32(binary.BigEndian.Uint32(in[atLastDelta:]))) + 1
	b.count = max(0, int64(int32(binary.BigEndian.Uint32(in[atCount:]))))
	b.producer = int64(binary.BigEndian.Uint64(in[atProducer:]))
	b.codec = kgo.CompressionCodecType(attributes & 7)
	b.transactional, b.control = attributes&(1<<4) != 0, attributes&(1<<5) != 0
	return b, in[length:], true
}

// endOf is the offset after the last whole batch.
func endOf(in []byte) (end int64) {
	for {
		b, rest, ok := cut(in)
		if !ok {
			return end
		}
		end, in = b.next, rest
	}
}

// aborts knows which batches of an answer belong to aborted transactions: where those
// of each producer begin. Its batches must be shown to it in their order.
type aborts map[int64][]int64

func abortsOf(resp *kmsg.FetchResponseTopicPartition) aborts {
	if len(resp.AbortedTransactions) == 0 {
		return nil
	}
	a := aborts{}
	for _, t := range resp.AbortedTransactions {
		a[t.ProducerID] = append(a[t.ProducerID], t.FirstOffset)
	}
	for _, firsts := range a {
		slices.SortFunc(firsts, cmp.Compare[int64])
	}
	return a
}

func (a aborts) has(b *batch) bool {
	if !b.transactional {
		return false
	}
	firsts := a[b.producer]
	if len(firsts) == 0 || b.first < firsts[0] {
		return false
	}
	if b.control && b.isAbort() {
		a[b.producer] = firsts[1:]
	}
	return true
}

// isAbort tells an abort's marker from a commit's: its record's key is a version and a
// type, of two bytes each.
func (b *batch) isAbort() bool {
	in := b.body
	for field := range 5 { // length, attributes, time, offset, length of the key
		if field == 1 {
			if len(in) == 0 {
				return false
			}
			in = in[1:]
			continue
		}
		_, n := binary.Varint(in)
		if n <= 0 {
			return false
		}
		in = in[n:]
	}
	return len(in) >= 4 && binary.BigEndian.Uint16(in[2:]) == 0
}
