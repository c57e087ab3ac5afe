package dlq

import (
	"fmt"
	"strconv"
	"strings"
)

// Coordinates are the place of a record: topic:partition:offset.
type Coordinates struct {
	Topic     string
	Partition int32
	Offset    int64
}

// String gives topic:partition:offset.
func (c Coordinates) String() string {
	return c.Topic + ":" + strconv.Itoa(int(c.Partition)) + ":" + strconv.FormatInt(c.Offset, 10)
}

// MarshalText implements [encoding.TextMarshaler].
func (c Coordinates) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (c *Coordinates) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCoordinates(string(text))
	return err
}

// maxTopic is the longest name that Kafka permits.
const maxTopic = 249

// ParseCoordinates reads topic:partition:offset.
func ParseCoordinates(s string) (Coordinates, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Coordinates{}, fmt.Errorf("coordinates %q: want topic:partition:offset", clip(s, 300))
	}
	if reason := badTopic(parts[0]); reason != "" {
		return Coordinates{}, fmt.Errorf("coordinates %q: %s", clip(s, 300), reason)
	}
	partition, err := number(parts[1], 32)
	if err != nil {
		return Coordinates{}, fmt.Errorf("coordinates %q: partition: %w", clip(s, 300), err)
	}
	offset, err := number(parts[2], 64)
	if err != nil {
		return Coordinates{}, fmt.Errorf("coordinates %q: offset: %w", clip(s, 300), err)
	}
	return Coordinates{parts[0], int32(partition), offset}, nil
}

// number takes digits only: a sign or a leading zero would be a second spelling of
// the same place.
func number(s string, bits int) (int64, error) {
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil || strconv.FormatInt(n, 10) != s || n < 0 {
		return 0, fmt.Errorf("%q is no whole number from 0 to %d", clip(s, 40), uint64(1)<<(bits-1)-1)
	}
	return n, nil
}

// badTopic says why Kafka would not have a topic of this name; empty: it would.
func badTopic(name string) string {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Sprintf("%q is no name of a topic", name)
	case len(name) > maxTopic:
		return fmt.Sprintf("a topic's name has at most %d characters", maxTopic)
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)) {
			return fmt.Sprintf("a topic's name can't contain %q", r)
		}
	}
	return ""
}

// clip cuts a text that is too long for a message.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
