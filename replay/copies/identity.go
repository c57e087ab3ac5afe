package copies

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Place is a topic of a cluster.
type Place struct {
	Cluster string `json:"cluster_id"`
	Topic   string `json:"topic"`
	TopicID string `json:"topic_id"` // as Kafka writes it
}

// Identity says which copy it is: two runs with the same one copy a record once
// between them. The span isn't part of it, nor is the rate.
type Identity struct {
	From      Place        `json:"from"`
	To        Place        `json:"to"`
	Where     string       `json:"where"`
	Set       string       `json:"set"`
	SetRecord string       `json:"set_record"`
	Partition Partitioning `json:"partition"`
	KeepTime  bool         `json:"keep_time"`
}

// ID is short enough for a header, and no other copy's.
func (i Identity) ID() string {
	i.From.Topic, i.To.Topic = "", "" // the ids say it
	// What came later is left out where it is empty, so that older copies go on.
	text, _ := json.Marshal(struct { // strings and a bool can always be written
		Identity
		SetRecord string `json:"set_record,omitempty"`
	}{i, i.SetRecord})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// TransactionalID is the mutex of all who run this copy.
func (i Identity) TransactionalID() string { return "evtctl.copy." + i.ID() }

// Partitioning is how the target's partition is chosen.
type Partitioning string

// The ways to choose it.
const (
	Original Partitioning = "original" // the same number
	ByKey    Partitioning = "key"      // as Java producers choose
)

// ParsePartitioning reads one of them.
func ParsePartitioning(text string) (Partitioning, error) {
	if p := Partitioning(text); p == Original || p == ByKey {
		return p, nil
	}
	return "", fmt.Errorf("%q is neither original nor key", text)
}
