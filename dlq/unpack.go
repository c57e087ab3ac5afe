package dlq

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"

	"github.com/evtctl/evtctl/internal/batch"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/semaphore"
)

// Bounds of what is in memory at once of all partitions that are read, beside what is
// handed over and kept.
const (
	answersAtOnce = 16 << 20 // answers of brokers
	unpackedBytes = 16 << 20 // batches that are unpacked
	smallBatch    = 1 << 20  // how large a batch is taken to be until it shows to be larger
	handOver      = 256 << 10
	maxHeaders    = 50_000 // of a record: each takes forty bytes, and three in the batch
	pieceRecords  = 4000   // records take two hundred bytes each, and seven in the batch
)

// load is what readers that work at the same time may hold. What a batch becomes shows
// only when it is unpacked: a thousand times as much as its bytes, if need be.
type load struct {
	answers  *semaphore.Weighted
	unpacked *semaphore.Weighted
	again    chan struct{} // who has fetched something anew has put one in
}

func newLoad() *load {
	return &load{semaphore.NewWeighted(answersAtOnce), semaphore.NewWeighted(unpackedBytes), make(chan struct{}, 1)}
}

// Places in the head of a batch.
const (
	batchLength  = 8
	batchMagic   = 16
	batchSum     = 17
	batchAttrs   = 21
	batchLast    = 23
	batchFirst   = 0
	batchRecords = 57
	batchHead    = 61

	lengthBefore = 12 // of a batch, that isn't in its length
)

// room is what an answer takes of the load.
type room struct {
	load  *load
	bytes int64
}

// room waits for room for an answer.
func (s *scanner) room(ctx context.Context) (*room, error) {
	r := &room{s.load, min(max(fetchSize, s.topic.maxMessage), answersAtOnce)}
	return r, s.load.answers.Acquire(ctx, r.bytes)
}

// shrink gives back what the answer doesn't need.
func (r *room) shrink(size int) {
	if rest := r.bytes - int64(size); rest > 0 {
		r.bytes -= rest
		r.load.answers.Release(rest)
	}
}

func (r *room) leave() { r.load.answers.Release(r.bytes) }

// unpacker unpacks batches up to a size.
type unpacker struct {
	kgo.Decompressor
	size int
}

// enough has a client's decompressor unpack into memory that is large enough at once.
// What grows by doubling would take three times as much for a while.
type enough int

func (n enough) GetDecompressBytes([]byte, kgo.CompressionCodecType) []byte {
	return make([]byte, 0, int(n)+bytes.MinRead+1)
}

func (enough) PutDecompressBytes([]byte) {}

// decompressors are those of all readers, by their bound: what they have set up for one
// batch serves another.
var decompressors sync.Map

// newUnpackers gives unpackers of growing size, the last one as large as the client
// allows. The client's own would begin with what is allowed at most, or double.
func newUnpackers(cl *kgo.Client) []unpacker {
	largest, ok := cl.OptValue(kgo.MaxDecompressBatchBytes).(int)
	if !ok || largest < 1 {
		largest = smallBatch
	}
	var list []unpacker
	for size := smallBatch; ; size *= 4 {
		size = min(size, largest)
		d, ok := decompressors.Load(size)
		if !ok {
			d, _ = decompressors.LoadOrStore(size, boundedAt(size))
		}
		list = append(list, unpacker{d.(kgo.Decompressor), size})
		if size == largest {
			return list
		}
	}
}

// boundedAt makes a decompressor with a bound of its own, which only clients are made with.
func boundedAt(size int) kgo.Decompressor {
	opts := []kgo.Opt{kgo.MaxDecompressBatchBytes(size)}
	if size > smallBatch {
		opts = append(opts, kgo.WithPools(enough(size)))
	}
	cl, err := kgo.NewClient(opts...) // it connects to nothing
	if err != nil {
		return refusing{err}
	}
	defer cl.Close()
	return cl.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
}

// refusing is a decompressor that there is none of.
type refusing struct{ err error }

func (r refusing) Decompress([]byte, kgo.CompressionCodecType) ([]byte, error) { return nil, r.err }

// unpacked are the records of a batch, no longer compressed, and not yet taken apart.
type unpacked struct {
	head []byte
	data []byte
	left int    // how many records it says there are
	size int    // of data at the beginning
	held int    // what holding a part of it holds
	free func() // when nothing holds data any more, or little
}

// more tells whether there are records. One that has fewer than it says isn't whole.
func (u *unpacked) more() bool { return u.left > 0 }

func (u *unpacked) large() bool { return u.size > smallBatch }

// unpack decompresses a batch, when there is room for what it may become. It begins with
// the size that the one before in its partition had.
func (s *scanner) unpack(ctx context.Context, size *int, whole []byte) (u unpacked, whyNot, err error) {
	u.head, u.left = whole[:batchHead], int(int32(binary.BigEndian.Uint32(whole[batchRecords:])))
	if u.left < 0 {
		return u, errNotWhole, nil
	}
	codec := kgo.CompressionCodecType(whole[batchAttrs+1] & 7)
	if codec == kgo.CodecNone {
		u.data, u.free = whole[batchHead:], func() {}
		u.size, u.held = len(u.data), len(u.data)
		return u, nil, nil
	}
	for {
		by := s.unpackers[*size]
		weight := min(int64(by.size), unpackedBytes)
		if err := s.load.unpacked.Acquire(ctx, weight); err != nil {
			return u, nil, err
		}
		u.data, whyNot = by.Decompress(whole[batchHead:], codec)
		if whyNot == nil {
			u.free, u.size, u.held = func() { s.load.unpacked.Release(weight) }, len(u.data), cap(u.data)
			for *size > 0 && len(u.data) <= s.unpackers[*size-1].size {
				*size--
			}
			return u, nil, nil
		}
		u.data = nil
		s.load.unpacked.Release(weight)
		if !errors.Is(whyNot, kgo.ErrMaxDecompress) || *size == len(s.unpackers)-1 {
			return u, whyNot, nil
		}
		*size++
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// intact tells whether a batch has the sum that it says.
func intact(whole []byte) bool {
	return crc32.Checksum(whole[batchAttrs:], castagnoli) == binary.BigEndian.Uint32(whole[batchSum:])
}

// already is a decompressor for what is decompressed.
type already []byte

func (d already) Decompress([]byte, kgo.CompressionCodecType) ([]byte, error) { return d, nil }

// piece is a part of a batch: whole records.
type piece struct {
	data    []byte
	records int
	headers int   // of all records
	last    int64 // the offset of the last
}

// errManyHeaders is about a record that isn't read, though those beside it are.
var errManyHeaders = errors.New("it has more headers than are read")

// next cuts records off the front of a batch, about as many as are handed over at once.
// A record that is too much by itself is alone in its piece, with the reason.
func (u *unpacked) next() (p piece, whyNot error) {
	first := int64(binary.BigEndian.Uint64(u.head[batchFirst:]))
	rest := u.data
	for u.left > 0 && p.records < pieceRecords {
		size, delta, headers, ok := recordHead(rest)
		switch {
		case !ok && p.records == 0:
			return p, errNotWhole
		case !ok, p.records > 0 && (len(p.data)+size > handOver || headers > maxHeaders):
			u.data = rest
			return p, nil
		}
		p.data, rest = u.data[:len(p.data)+size], rest[size:]
		p.records, p.headers, p.last, u.left = p.records+1, p.headers+int(max(headers, 0)), first+delta, u.left-1
		if headers > maxHeaders {
			whyNot = errManyHeaders
			break
		}
	}
	if u.large() && len(p.data) < u.held/2 { // who keeps a letter is not to keep all of its batch
		p.data = bytes.Clone(p.data)
	}
	if u.data = rest; len(rest) == 0 {
		u.data = nil
	}
	return p, whyNot
}

// recordHead looks at the first record: how long it is, its offset in the batch, and how
// many headers it has. Of one that isn't as it should be, that is for others to say.
func recordHead(in []byte) (size int, delta, headers int64, ok bool) {
	length, used := binary.Varint(in)
	if used <= 0 || length < 1 || length > int64(len(in)-used) {
		return 0, 0, 0, false
	}
	size = used + int(length)
	rest := in[used+1 : size] // without its attributes
	number := func() int64 {
		n, used := binary.Varint(rest)
		if used <= 0 {
			rest = nil
			return 0
		}
		rest = rest[used:]
		return n
	}
	number() // its time
	delta = number()
	for range 2 { // its key and its value
		if n := number(); n > 0 && n <= int64(len(rest)) {
			rest = rest[n:]
		}
	}
	return size, delta, number(), true
}

// batchOf makes a batch of a piece, for [already] to decompress.
func (u *unpacked) batchOf(p piece) []byte {
	first := int64(binary.BigEndian.Uint64(u.head[batchFirst:]))
	head := bytes.Clone(u.head)
	binary.BigEndian.PutUint32(head[batchLength:], batchHead-lengthBefore)
	binary.BigEndian.PutUint32(head[batchLast:], uint32(int32(p.last-first)))
	binary.BigEndian.PutUint32(head[batchRecords:], uint32(int32(p.records)))
	head[batchAttrs+1] = head[batchAttrs+1]&^7 | byte(kgo.CodecGzip)
	return head
}

// process has the client's library read a batch of an answer.
func (s *scanner) process(sp span, resp *kmsg.FetchResponseTopicPartition, at int64, whole []byte, d kgo.Decompressor, checked bool) ([]*kgo.Record, error) {
	one := *resp
	one.RecordBatches = whole
	part, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: at, Topic: s.topic.name, Partition: sp.partition, IsolationLevel: s.isolation(),
		DisableCRCValidation: checked,
	}, &one, d, nil)
	_, to, _, _ := batch.First(whole)
	switch {
	case part.Err != nil:
		return part.Records, part.Err
	case next < to:
		return part.Records, errNotWhole
	}
	return part.Records, nil
}
