package copies

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kgo"
)

// digest stands for a record in a comparison, part by part.
type digest struct {
	partition           int32
	time                int64 // 0: it isn't compared
	key, value, headers [16]byte
}

// digest is of a record as it is to be in the target, or is there.
func (v *verifier) digest(r *kgo.Record) digest {
	d := digest{partition: r.Partition, key: sum(r.Key), value: sum(r.Value)}
	if v.p.KeepTime && !v.p.to.settings.appendTime {
		d.time = r.Timestamp.UnixMilli()
	}
	all := make([]byte, 0, 256)
	for _, h := range r.Headers {
		all = part(part(all, []byte(h.Key)), h.Value)
	}
	d.headers = sum(all)
	return d
}

// sum tells null from empty.
func sum(b []byte) (short [16]byte) {
	if b == nil {
		return short
	}
	whole := sha256.Sum256(b)
	copy(short[:], whole[:])
	return short
}

func part(to, b []byte) []byte {
	n := int64(len(b))
	if b == nil {
		n = -1
	}
	return append(binary.AppendVarint(to, n), b...)
}

// add puts a record on one side, or takes it from the other: n is 1 or -1.
func (t *tally) add(d digest, n int64) {
	all := make([]byte, 0, 64)
	all = binary.BigEndian.AppendUint32(all, uint32(d.partition))
	all = binary.BigEndian.AppendUint64(all, uint64(d.time))
	all = append(append(append(all, d.key[:]...), d.value[:]...), d.headers[:]...)
	whole := sha256.Sum256(all)
	t.a += uint64(n) * binary.BigEndian.Uint64(whole[:])
	t.b += uint64(n) * binary.BigEndian.Uint64(whole[8:])
	t.count += n
}

// differences says in what a record isn't as it is to be.
func (d digest) differences(is digest) (what []string) {
	for _, part := range []struct {
		name    string
		differs bool
	}{
		{"key", d.key != is.key}, {"value", d.value != is.value}, {"headers", d.headers != is.headers},
		{"partition", d.partition != is.partition}, {"time", d.time != is.time},
	} {
		if part.differs {
			what = append(what, part.name)
		}
	}
	return what
}
