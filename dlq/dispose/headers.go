package dispose

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The headers that a record carries that was sent back.
const (
	// HeaderID is the same for all copies of one replay. Readers of uncommitted records
	// may see several, and can tell them by it.
	HeaderID = "evtctl-replay-id"
	// HeaderCount is how often the record was sent back, this time included.
	HeaderCount = "evtctl-replay-count"
	// HeaderJob names the run, as the ledger does.
	HeaderJob = "evtctl-replay-job"
	// HeaderTime is the time stamp that a letter had, in RFC 3339, where it was imported
	// with the time of its import. A record that is sent back doesn't carry it.
	HeaderTime = "evtctl-original-time"
)

// replays is how often a letter was sent back before it died again.
func replays(headers []kgo.RecordHeader) int {
	count := 0
	for _, h := range headers {
		if h.Key == HeaderCount {
			if n, err := strconv.Atoi(string(h.Value)); err == nil && n > count {
				count = n
			}
		}
	}
	return count
}

// unstamped leaves out the headers of an earlier replay.
func unstamped(headers []kgo.RecordHeader) []kgo.RecordHeader {
	kept := headers[:0]
	for _, h := range headers {
		if h.Key != HeaderID && h.Key != HeaderCount && h.Key != HeaderJob && h.Key != HeaderTime {
			kept = append(kept, h)
		}
	}
	return kept
}

func stamp(rec *kgo.Record, id string, count int, job string) {
	rec.Headers = append(rec.Headers,
		kgo.RecordHeader{Key: HeaderID, Value: []byte(id)},
		kgo.RecordHeader{Key: HeaderCount, Value: strconv.AppendInt(nil, int64(count), 10)},
		kgo.RecordHeader{Key: HeaderJob, Value: []byte(job)})
}

// hash is of a key, a value and headers. Null and empty differ.
func hash(key, value []byte, headers []kgo.RecordHeader) string {
	buf := make([]byte, 0, len(key)+len(value)+64+len(headers)*48)
	part := func(b []byte) {
		n := int64(len(b))
		if b == nil {
			n = -1
		}
		buf = append(binary.AppendVarint(buf, n), b...)
	}
	part(key)
	part(value)
	for _, h := range headers {
		part([]byte(h.Key))
		part(h.Value)
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:16])
}
