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
// transactions, their markers, those whose time is the broker's, and what has no meaning yet.
const special = 0xb8

// plain takes the records of a piece apart from an offset on. The client's library takes
// memory for the name of every header and for the headers of every record, which is a good
// part of the time that reading letters takes (BenchmarkReading). Whatever isn't as it is
// everywhere, not ok, is left to that.
// names are those of headers that came before, for those that come again.
func (u *unpacked) plain(p piece, topic string, partition int32, at int64, names *[]string) (records []*kgo.Record, ok bool) {
	first := int64(binary.BigEndian.Uint64(u.head[batchFirst:]))
	if first < 0 || u.head[batchAttrs+1]&special != 0 || p.headers > len(p.data)/2 { // each takes two bytes
		return nil, false
	}
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
			*names = readHeaders(&one, r.Headers, *names)
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

// maxNames are kept of a record's headers: few have more.
const maxNames = 64

// readHeaders reads a record's, and gives the names for the record that follows. They are
// kept by themselves: headers would keep all that was read with them.
func readHeaders(in *kbin.Reader, headers []kgo.RecordHeader, names []string) []string {
	for i := range headers {
		h, key := &headers[i], short(in)
		switch {
		case i < len(names) && names[i] == string(key):
			h.Key = names[i]
		case i < len(names):
			h.Key = string(key)
			names[i] = h.Key
		default:
			h.Key = string(key)
			if i < maxNames {
				names = append(names, h.Key)
			}
		}
		h.Value = short(in)
	}
	return names
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
