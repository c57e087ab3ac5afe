package schema

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Naming is how a schema's subject follows from its file and type.
type Naming string

const (
	// ByFile: the subject is the file's name without its ending.
	ByFile Naming = "file"
	// TopicName: the topic and "-value" or "-key". The topic is the file's name
	// without its ending, unless it is said.
	TopicName Naming = "topic"
	// RecordName: the full name of the schema's type.
	RecordName Naming = "record"
	// TopicRecordName: the topic, a hyphen and the full name of the schema's type.
	TopicRecordName Naming = "topic-record"
)

// Namings lists all namings.
func Namings() []Naming { return []Naming{ByFile, TopicName, RecordName, TopicRecordName} }

// ParseNaming reads a naming; the names of Confluent's strategies work too, with
// or without "Strategy" and the package before it.
func ParseNaming(name string) (Naming, error) {
	short := name[strings.LastIndex(name, ".")+1:]
	short = strings.ToLower(strings.TrimSuffix(short, "Strategy"))
	short = strings.NewReplacer("topicrecordname", "topic-record", "topicname", "topic", "recordname", "record").Replace(short)
	for _, n := range Namings() {
		if short == string(n) {
			return n, nil
		}
	}
	return "", askedf("such as topic-record", "naming %q is none of file, topic, record and topic-record", name)
}

// SubjectNames names subjects.
type SubjectNames struct {
	Naming Naming // ByFile when empty
	Topic  string // for TopicName and TopicRecordName; empty: from the file's name
	Key    bool   // the schema is of the topic's keys, not its values
}

// Subject names the subject of the schema in a file. In a file's name, %2F and the
// like stand for what file names can't have.
func (n SubjectNames) Subject(path string, record func() (string, error)) (string, error) {
	base := stem(path)
	topic := n.Topic
	if topic == "" {
		topic = strings.TrimSuffix(strings.TrimSuffix(base, "-value"), "-key")
	}
	switch n.Naming {
	case TopicName:
		return n.topicSubject(topic, base), nil
	case RecordName, TopicRecordName:
		name, err := record()
		if err != nil {
			return "", fmt.Errorf("subject of %s: %w", path, err)
		}
		if name == "" {
			return "", askedf("name its subject with --subject or --subject-from",
				"subject of %s: its schema has no name, which naming by record needs", path)
		}
		if n.Naming == RecordName {
			return name, nil
		}
		return topic + "-" + name, nil
	}
	return base, nil
}

func (n SubjectNames) topicSubject(topic, base string) string {
	if n.Key || n.Topic == "" && strings.HasSuffix(base, "-key") {
		return topic + "-key"
	}
	return topic + "-value"
}

// stem is a file's name without its ending, decoded.
func stem(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	base = strings.TrimSuffix(base, ".schema") // as in order.schema.json
	if decoded, err := url.PathUnescape(base); err == nil {
		return decoded
	}
	return base
}

// TopicOf guesses the topic that a subject is for, and whether it is for its keys.
// It takes TopicName for granted: for a subject named otherwise it is the subject
// itself.
func TopicOf(subject string) (topic string, key bool) {
	subject = strings.TrimPrefix(subject, contextOf(subject))
	if topic, ok := strings.CutSuffix(subject, "-key"); ok {
		return topic, true
	}
	return strings.TrimSuffix(subject, "-value"), false
}

// contextOf is the part of a subject's name that names its context, as in
// ":.staging:" for ":.staging:orders"; empty for the default one.
func contextOf(subject string) string {
	if !strings.HasPrefix(subject, ":.") {
		return ""
	}
	end := strings.Index(subject[1:], ":")
	if end < 0 {
		return ""
	}
	return subject[:end+2]
}
