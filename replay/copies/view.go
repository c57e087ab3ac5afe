package copies

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// View reads a cluster. It has no method that writes.
type View struct {
	cl  *kgo.Client
	adm *kadm.Client
}

// Look makes a view of a client, which it only reads with.
func Look(cl *kgo.Client) *View { return &View{cl, kadm.NewClient(cl)} }

// topic is what is known of a topic.
type topic struct {
	place      Place
	id         kadm.TopicID
	partitions int
	settings   settings
}

// settings are what a topic takes and keeps. Who may not see them can still write:
// what the broker says then counts.
type settings struct {
	known      bool
	maxBytes   int
	compacted  bool
	deletes    bool
	retention  time.Duration // negative: for ever
	mostBefore time.Duration // message.timestamp.before.max.ms; negative: any
	appendTime bool
}

// topic looks a topic up. A missing one is a [*RequestError].
func (v *View) topic(ctx context.Context, name string) (*topic, error) {
	m, err := v.adm.Metadata(fresh(ctx), name)
	if err != nil {
		return nil, fmt.Errorf("topic %q: reading its metadata: %w", name, err)
	}
	d := m.Topics[name]
	switch {
	case errors.Is(d.Err, kerr.UnknownTopicOrPartition) || d.Err == nil && len(d.Partitions) == 0:
		return nil, &missingError{name}
	case d.Err != nil:
		return nil, fmt.Errorf("topic %q: %w", name, d.Err)
	}
	t := &topic{place: Place{m.Cluster, name, d.ID.String()}, id: d.ID, partitions: len(d.Partitions)}
	t.settings, err = v.settings(ctx, name)
	return t, err
}

type missingError struct{ topic string }

func (e *missingError) Error() string {
	return fmt.Sprintf("topic %q: not found in its cluster", e.topic)
}

func (v *View) settings(ctx context.Context, name string) (settings, error) {
	s := settings{retention: -1, mostBefore: -1}
	configs, err := v.adm.DescribeTopicConfigs(ctx, name)
	if err != nil {
		return s, fmt.Errorf("settings of topic %q: %w", name, err)
	}
	config, err := configs.On(name, nil)
	if err == nil {
		err = config.Err
	}
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("settings of topic %q: %w", name, err)
	}
	s.known = true
	for _, c := range config.Configs {
		value := c.MaybeValue()
		switch c.Key {
		case "cleanup.policy":
			s.compacted, s.deletes = strings.Contains(value, "compact"), strings.Contains(value, "delete")
		case "max.message.bytes":
			s.maxBytes, _ = strconv.Atoi(value)
		case "retention.ms":
			s.retention = millis(value)
		case "message.timestamp.before.max.ms":
			s.mostBefore = millis(value)
		case "message.timestamp.type":
			s.appendTime = value == "LogAppendTime"
		}
	}
	return s, nil
}

// millis reads a setting; what is too long for a duration, or none at all, is negative.
func millis(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(1<<63-1)/int64(time.Millisecond) {
		return -1
	}
	return time.Duration(n) * time.Millisecond
}
