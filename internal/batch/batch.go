// Package batch reads the heads of record batches in the answers to raw fetches, so
// that an answer can be decompressed batch by batch: as a whole it can take a hundred
// times as much memory as its bytes.
package batch

import (
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Places in the head of a batch.
const (
	length    = 8
	magic     = 16
	lastDelta = 23
	head      = 61
)

// First gives the extent of the first batch, and what follows it; ok is false where
// there is no whole one. One of an [Old] format names its last record only: others of
// the same batch may come before first.
func First(in []byte) (first, next int64, rest []byte, ok bool) {
	if len(in) < head {
		return 0, 0, nil, false
	}
	size := int64(int32(binary.BigEndian.Uint32(in[length:]))) + 12
	if size < head || size > int64(len(in)) {
		return 0, 0, nil, false
	}
	first = int64(binary.BigEndian.Uint64(in))
	next = first + 1
	if in[magic] == 2 {
		next = first + int64(int32(binary.BigEndian.Uint32(in[lastDelta:]))) + 1
	}
	return first, next, in[size:], true
}

// Old tells that the first batch has one of the formats from before Kafka 0.11.
func Old(in []byte) bool { return len(in) > magic && in[magic] < 2 }

// Before leaves out the batches that begin at an offset or behind it, and tells where
// the first of those begins: -1, there is none. Old ones stay, see [First].
func Before(in []byte, offset int64) (before []byte, behind int64) {
	for rest := in; ; {
		first, _, next, ok := First(rest)
		if !ok {
			return in, -1
		}
		if first >= offset && !Old(rest) {
			return in[:len(in)-len(rest)], first
		}
		rest = next
	}
}

// End is the offset after the last whole batch.
func End(in []byte) (end int64) {
	for {
		_, next, rest, ok := First(in)
		if !ok {
			return end
		}
		end, in = next, rest
	}
}

// WithoutEnded leaves out the aborted transaction that a marker ends: the first of its
// producer. What the producer writes after it is not aborted. An answer tells the
// aborted transactions of all its batches.
func WithoutEnded(aborted []kmsg.FetchResponseTopicPartitionAbortedTransaction, marker *kgo.Record) []kmsg.FetchResponseTopicPartitionAbortedTransaction {
	if key := marker.Key; len(key) < 4 || key[2] != 0 || key[3] != 0 { // it isn't one of an abort
		return aborted
	}
	first := -1
	for i, a := range aborted {
		if a.ProducerID == marker.ProducerID && a.FirstOffset <= marker.Offset && (first < 0 || a.FirstOffset < aborted[first].FirstOffset) {
			first = i
		}
	}
	if first < 0 {
		return aborted
	}
	return slices.Delete(slices.Clone(aborted), first, first+1)
}
