package dlq

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"time"
)

// ArchiveVersion is the version of the form of an archive.
const ArchiveVersion = 1

// ArchiveHead is the first line of an archive: where its letters are from.
type ArchiveHead struct {
	Version   int    `json:"evtctl_letters"` // what tells an archive from other files
	ClusterID string `json:"cluster_id"`
	Topic     string `json:"topic"`
	TopicID   string `json:"topic_id"` // tells it from one made anew under the same name
}

// ArchiveEnd is the last line of an archive. A file without it isn't whole, and one with
// another checksum was changed.
type ArchiveEnd struct {
	Letters int64 `json:"letters"`
	// Next are the offsets to go on from, by partition.
	Next   map[int32]int64 `json:"next"`
	Faults []Fault         `json:"faults"` // stretches that are not in the archive
	SHA256 string          `json:"sha256"` // of all lines before, their line ends too
}

// Archive writes letters as lines of JSON from which their records can be made again,
// byte for byte: key, value and headers in their order, null apart from empty, and
// bytes that aren't UTF-8 in base64, under a name of their own.
//
// It writes whole lines only, many at a time. Where a write fails in the middle of a
// line, Whole tells how much of what was written is whole lines.
type Archive struct {
	w       io.Writer
	sum     hash.Hash
	pending bytes.Buffer
	marks   []lineMark // of the pending lines
	letters int64
	next    map[int32]int64
	whole   int64
	err     error
}

// lineMark is where a pending line ends, and which letter it is.
type lineMark struct {
	end       int
	partition int32
	offset    int64
}

// archiveBuffer is how much is written at a time.
const archiveBuffer = 256 << 10

// NewArchive begins an archive that goes on from offsets; nil: from the beginning.
func NewArchive(w io.Writer, head ArchiveHead, from map[int32]int64) (*Archive, error) {
	a := &Archive{w: w, sum: sha256.New(), next: maps.Clone(from)}
	if a.next == nil {
		a.next = map[int32]int64{}
	}
	head.Version = ArchiveVersion
	line, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	a.pending.Write(append(line, '\n'))
	return a, a.Flush()
}

// Add adds a letter. After an error nothing is written any more.
func (a *Archive) Add(l *Letter) error {
	if len(l.Key)+len(l.Value) > archiveBuffer {
		return a.addLarge(l)
	}
	m := members{buf: a.pending}
	m.object(func() { l.archived(&m) })
	a.pending = m.buf
	a.pending.WriteByte('\n')
	a.marks = append(a.marks, lineMark{a.pending.Len(), l.Coordinates.Partition, l.Coordinates.Offset})
	if a.pending.Len() < archiveBuffer {
		return a.err
	}
	return a.Flush()
}

// addLarge writes a line in pieces, as it would be in memory beside its letter, and larger.
func (a *Archive) addLarge(l *Letter) error {
	if err := a.Flush(); err != nil {
		return err
	}
	written := &countingWriter{w: io.MultiWriter(a.w, a.sum)}
	m := members{w: written}
	m.object(func() { l.archived(&m) })
	m.buf.WriteByte('\n')
	if m.passAll(); m.err != nil {
		a.err = m.err
		return a.err
	}
	a.whole += written.n
	a.count(l.Coordinates.Partition, l.Coordinates.Offset)
	return nil
}

func (a *Archive) count(partition int32, offset int64) {
	a.letters++
	a.next[partition] = max(a.next[partition], offset+1)
}

// countingWriter knows how much was written.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// archived writes a letter's line.
func (l *Letter) archived(m *members) {
	_ = m.json("partition", l.Coordinates.Partition) // numbers can be encoded
	_ = m.json("offset", l.Coordinates.Offset)
	var ms *int64
	if l.Timestamp != nil {
		n := l.Timestamp.UnixMilli()
		ms = &n
	}
	_ = m.json("timestamp_ms", ms)
	kind := "create"
	if l.appendTime {
		kind = "append"
	}
	m.text("timestamp_type", kind)
	m.data("key", l.Key)
	m.data("value", l.Value)
	m.name("headers")
	m.buf.WriteByte('[')
	for i, h := range l.Headers {
		if i > 0 {
			m.buf.WriteByte(',')
		}
		m.object(func() {
			m.data("key", []byte(h.Key))
			m.data("value", h.Value)
		})
	}
	m.buf.WriteByte(']')
}

// Flush writes what is pending.
func (a *Archive) Flush() error {
	if a.err != nil || a.pending.Len() == 0 {
		return a.err
	}
	text := a.pending.Bytes()
	n, err := a.w.Write(text)
	if err == nil && n < len(text) {
		err = io.ErrShortWrite
	}
	whole := bytes.LastIndexByte(text[:n], '\n') + 1
	a.sum.Write(text[:whole])
	a.whole += int64(whole)
	for _, mark := range a.marks {
		if mark.end <= whole {
			a.count(mark.partition, mark.offset)
		}
	}
	a.pending.Reset()
	a.marks = a.marks[:0]
	a.err = err
	return err
}

// Whole is how many bytes of whole lines were written.
func (a *Archive) Whole() int64 { return a.whole }

// Written is how many letters were written whole, and the offsets to go on from.
func (a *Archive) Written() (letters int64, next map[int32]int64) {
	return a.letters, maps.Clone(a.next)
}

// End writes the last line.
func (a *Archive) End(faults []Fault) (*ArchiveEnd, error) {
	if err := a.Flush(); err != nil {
		return nil, err
	}
	end := &ArchiveEnd{Letters: a.letters, Next: a.next, Faults: orEmpty(faults), SHA256: hex.EncodeToString(a.sum.Sum(nil))}
	line, err := json.Marshal(end)
	if err != nil {
		return nil, err
	}
	a.pending.Write(append(line, '\n'))
	return end, a.Flush()
}

// Archived is a letter read from an archive.
type Archived struct {
	Partition  int32
	Offset     int64
	Timestamp  *time.Time
	AppendTime bool // the time stamp is the broker's
	Key, Value []byte
	Headers    []Header
}

// archivedLine is its JSON.
type archivedLine struct {
	Partition   *int32         `json:"partition"`
	Offset      *int64         `json:"offset"`
	TimestampMs *int64         `json:"timestamp_ms"`
	Type        string         `json:"timestamp_type"`
	Key         *string        `json:"key"`
	KeyBytes    []byte         `json:"key_base64"`
	Value       *string        `json:"value"`
	ValueBytes  []byte         `json:"value_base64"`
	Headers     []archivedHead `json:"headers"`
}

type archivedHead struct {
	Key        *string `json:"key"`
	KeyBytes   []byte  `json:"key_base64"`
	Value      *string `json:"value"`
	ValueBytes []byte  `json:"value_base64"`
}

func (l *archivedLine) letter() (*Archived, error) {
	if l.Partition == nil || l.Offset == nil || *l.Partition < 0 || *l.Offset < 0 {
		return nil, fmt.Errorf("it has no partition or no offset")
	}
	if l.Type != "create" && l.Type != "append" {
		return nil, fmt.Errorf("timestamp_type %q is neither create nor append", clip(l.Type, 40))
	}
	a := &Archived{Partition: *l.Partition, Offset: *l.Offset, AppendTime: l.Type == "append", Key: either(l.Key, l.KeyBytes), Value: either(l.Value, l.ValueBytes)}
	if l.TimestampMs != nil {
		at := time.UnixMilli(*l.TimestampMs)
		a.Timestamp = &at
	}
	for _, h := range l.Headers {
		a.Headers = append(a.Headers, Header{string(either(h.Key, h.KeyBytes)), either(h.Value, h.ValueBytes)})
	}
	return a, nil
}

func either(text *string, data []byte) []byte {
	if text != nil {
		return []byte(*text)
	}
	return data
}
