package ledger

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// EntryVersion is raised when a field changes its meaning or goes.
const EntryVersion = 1

// Disposition is what became of a letter.
type Disposition string

const (
	Replayed  Disposition = "replayed"
	Edited    Disposition = "edited" // replayed with other content
	Discarded Disposition = "discarded"
	Parked    Disposition = "parked" // not to be tried again by itself
	// Imported is said of a letter in a file, see [Source.Into]: it is in the topic now.
	Imported Disposition = "imported"
	// Restored takes any of those back: the letter is undisposed.
	Restored Disposition = "restored"
	// Intended says that a replay without transactions was about to be sent. Whether
	// it was is in doubt until another entry follows.
	Intended Disposition = "intended"
)

// disposed tells whether a letter with this newest entry is dealt with.
func (d Disposition) disposed() bool {
	return d == Replayed || d == Edited || d == Discarded || d == Parked || d == Imported
}

// Source is a dead-letter topic as the ledger knows it.
type Source struct {
	Cluster string       // the id of the cluster that has it
	TopicID kadm.TopicID // of this very topic, not of one made anew
	Topic   string       // for people to read
	// Into is the topic of the ledger's own cluster that letters of this one are imported
	// into from a file. What became of them there is another matter than what became of
	// them here, so that each pair of topics has names of its own. Zero: nothing is imported.
	Into kadm.TopicID
}

// Key names a letter in the ledger.
func (s Source) Key(partition int32, offset int64) string {
	return keyOf(s.prefix(), partition, offset)
}

func keyOf(prefix string, partition int32, offset int64) string {
	b := append(make([]byte, 0, 120), prefix...)
	b = strconv.AppendInt(b, int64(partition), 10)
	b = append(b, '/')
	return string(strconv.AppendInt(b, offset, 10))
}

// prefix is what the keys of all letters of the topic begin with.
func (s Source) prefix() string {
	own := s.Cluster + "/" + topicID(s.TopicID) + "/"
	if s.imported() {
		return importPrefix(s.Into) + own
	}
	return own
}

func (s Source) imported() bool { return s.Into != kadm.TopicID{} }

// importPrefix is what the keys of all letters that were imported into a topic begin with.
func importPrefix(into kadm.TopicID) string { return "import/" + topicID(into) + "/" }

// topicID writes an id as Kafka's own tools do.
func topicID(id kadm.TopicID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// FormatTopicID writes an id as Kafka's own tools do, and ParseTopicID reads it.
func FormatTopicID(id kadm.TopicID) string { return topicID(id) }

// ParseTopicID fails for what isn't an id, and for that of no topic.
func ParseTopicID(text string) (id kadm.TopicID, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != len(id) || [16]byte(b) == [16]byte{} {
		return id, fmt.Errorf("%q is no id of a topic", text)
	}
	return kadm.TopicID(b), nil
}

// ReplayID is what a replayed record carries in the header evtctl-replay-id: the same
// whoever replays, and however often the same attempt is begun.
func (s Source) ReplayID(partition int32, offset int64, attempt int) string {
	return string(appendReplayID(make([]byte, 0, 80), s.TopicID, partition, offset, attempt))
}

func appendReplayID(b []byte, id kadm.TopicID, partition int32, offset int64, attempt int) []byte {
	b = base64.RawURLEncoding.AppendEncode(b, id[:])
	for _, n := range [...]int64{int64(partition), offset, int64(attempt)} {
		b = strconv.AppendInt(append(b, '/'), n, 10)
	}
	return b
}

// TransactionalID is the mutex of all who replay from the topic, or of all who import
// into one.
func (s Source) TransactionalID() string {
	if s.imported() {
		return "evtctl.dlq.import." + topicID(s.Into)
	}
	return "evtctl.dlq." + s.Cluster + "." + topicID(s.TopicID)
}

// Group is the consumer group whose lag is the number of undisposed letters, see
// [CommitPrefix].
func (s Source) Group() string { return "evtctl.dlq." + s.Topic }

// Entry is what is known of one letter's disposition. Its JSON is the value of a
// record in the ledger; many letters that went the same way share a record there, as
// all of a transaction do in the audit topic. [Source.Entries] reads them all.
type Entry struct {
	Version     int         `json:"version"`
	Disposition Disposition `json:"disposition"`
	Attempt     int         `json:"attempt"` // the how manieth replay; 0 for what isn't one
	Job         string      `json:"job"`     // of one run of one command
	Cluster     string      `json:"cluster"` // of the DLQ
	TopicID     string      `json:"topic_id"`
	Topic       string      `json:"topic"`
	Partition   int32       `json:"partition"`
	Offset      int64       `json:"offset"`
	ReplayID    string      `json:"replay_id,omitempty"`
	HashBefore  string      `json:"hash_before,omitempty"` // of the letter's key, value and headers
	HashAfter   string      `json:"hash_after,omitempty"`  // of those written
	Who         string      `json:"who"`
	Why         string      `json:"why"`
	At          time.Time   `json:"at"`
	Target      *Target     `json:"target"` // null where nothing was written
}

// Target is where a replayed record is.
type Target struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	// Offset is exact for a replay. Of an intention it is where the target ended
	// before: the record, if it was sent, is there or after.
	Offset int64 `json:"offset"`
}

// Coordinates name the letter as commands do.
func (e *Entry) Coordinates() string {
	return fmt.Sprintf("%s:%d:%d", e.Topic, e.Partition, e.Offset)
}

// splitKey takes a key of the topic with this prefix apart.
func splitKey(key []byte, prefix string) (partition int32, offset int64, ok bool) {
	if len(key) <= len(prefix) || string(key[:len(prefix)]) != prefix {
		return 0, 0, false
	}
	p, o, found := strings.Cut(string(key[len(prefix):]), "/")
	part, err := strconv.ParseInt(p, 10, 32)
	if err != nil || !found {
		return 0, 0, false
	}
	offset, err = strconv.ParseInt(o, 10, 64)
	return int32(part), offset, err == nil
}

// brief is what an index needs of an entry.
type brief struct {
	Version     int         `json:"version"`
	Disposition Disposition `json:"disposition"`
	Attempt     int         `json:"attempt"`
	Job         string      `json:"job"`
	Target      *Target     `json:"target"`
}

// readBrief reads an entry's first fields. They are in this order in all entries
// written here, and reading just those is what makes an index of 500,000 entries a
// matter of a second; for any other order there is the JSON.
func readBrief(value []byte) (brief, error) {
	b := brief{Version: EntryVersion}
	rest, ok := cut(value, `{"version":1,"disposition":"`)
	var word, number, job []byte
	if ok {
		word, rest, ok = until(rest, '"')
	}
	if ok {
		rest, ok = cut(rest, `,"attempt":`)
	}
	if ok {
		number, rest, ok = until(rest, ',')
	}
	if ok {
		rest, ok = cut(rest, `"job":"`)
	}
	if ok {
		job, _, ok = until(rest, '"')
	}
	attempt, err := strconv.Atoi(string(number))
	if ok && err == nil && string(word) != string(Intended) && !strings.Contains(string(job), `\`) {
		b.Disposition, b.Attempt, b.Job = known(word), attempt, string(job)
		return b, nil
	}
	if err := json.Unmarshal(value, &b); err != nil {
		return b, fmt.Errorf("not an entry of the ledger: %w", err)
	}
	if b.Version > EntryVersion {
		return b, fmt.Errorf("an entry of version %d: this evtctl knows versions up to %d", b.Version, EntryVersion)
	}
	return b, nil
}

// known gives the constant for a word, which saves an allocation for each entry.
func known(word []byte) Disposition {
	for _, d := range []Disposition{Replayed, Edited, Discarded, Parked, Imported, Restored, Intended} {
		if string(word) == string(d) {
			return d
		}
	}
	return Disposition(word)
}

func cut(b []byte, prefix string) ([]byte, bool) {
	if len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
		return b, false
	}
	return b[len(prefix):], true
}

func until(b []byte, end byte) (before, after []byte, ok bool) {
	for i, c := range b {
		if c == end {
			return b[:i], b[i+1:], true
		}
	}
	return nil, b, false
}
