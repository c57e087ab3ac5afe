package dlq

import (
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kgo"
)

// More places in the head of a batch.
const (
	batchEpoch         = 12
	batchTime          = 27
	batchProducer      = 43
	batchProducerEpoch = 51
)

// special are the attributes of batches that the client's library takes apart: those of
// transactions, their markers, and those whose time is the broker's.
const special = 0x38

// plain takes the records of a piece apart from an offset on. It is three times as quick
// as the client's library, which takes memory for the name of every header and for the
// headers of every record. Whatever isn't as it is everywhere, not ok, is left to that.
// names are headers, the names of which come again.
func (u *unpacked) plain(p piece, topic string, partition int32, at int64, names *[]kgo.RecordHeader) (records []*kgo.Record, ok bool) {
	if u.head[batchAttrs+1]&special != 0 || p.headers > len(p.data)/2 { // each takes two bytes
		return nil, false
	}
	first := int64(binary.BigEndian.Uint64(u.head[batchFirst:]))
	began := int64(binary.BigEndian.Uint64(u.head[batchTime:]))
	epoch := int32(binary.BigEndian.Uint32(u.head[batchEpoch:]))
	producer, producerEpoch := int64(binary.BigEndian.Uint64(u.head[batchProducer:])), int16(binary.BigEndian.Uint16(u.head[batchProducerEpoch:]))
	all, headers := make([]kgo.Record, p.records), make([]kgo.RecordHeader, p.headers)
	records = make([]*kgo.Record, 0, p.records)
	in := kbin.Reader{Src: p.data}
	for i := range all {
		r := &all[i]
		r.Topic, r.Partition, r.LeaderEpoch, r.ProducerID, r.ProducerEpoch = topic, partition, epoch, producer, producerEpoch
		length := in.Varint()
		one := kbin.Reader{Src: in.Span(int(length))}
		one.Int8() // attributes, which have no meaning yet
		r.Timestamp = time.Unix(0, (began+one.Varlong())*int64(time.Millisecond))
		r.Offset = first + int64(one.Varint())
		r.Key, r.Value = one.VarintBytes(), one.VarintBytes()
		n := int(one.VarintArrayLen())
		if n < 0 || n > len(headers) {
			return nil, false
		}
		if n > 0 {
			r.Headers, headers = headers[:n:n], headers[n:]
			readHeaders(&one, r.Headers, *names)
			*names = r.Headers
		}
		if !one.Ok() || !in.Ok() || i > 0 && r.Offset <= all[i-1].Offset {
			return nil, false
		}
		if r.Offset >= at {
			records, at = append(records, r), r.Offset+1
		}
	}
	return records, true
}

// readHeaders reads a record's. A name is that of the record before where they are the same.
func readHeaders(in *kbin.Reader, headers, before []kgo.RecordHeader) {
	for i := range headers {
		key := short(in)
		if i < len(before) && before[i].Key == string(key) {
			headers[i].Key = before[i].Key
		} else {
			headers[i].Key = string(key)
		}
		headers[i].Value = short(in)
	}
}

// short is in.VarintBytes, and quicker where the length takes one byte.
func short(in *kbin.Reader) []byte {
	if len(in.Src) > 0 && in.Src[0] < 0x80 && in.Src[0]&1 == 0 {
		if n := 1 + int(in.Src[0]>>1); n <= len(in.Src) {
			b := in.Src[1:n:n]
			in.Src = in.Src[n:]
			return b
		}
	}
	return in.VarintBytes()
}
