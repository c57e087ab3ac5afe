// Package topics knows the topics that nobody is to write to by hand.
package topics

import "strings"

// IsInternal tells whether a topic is Kafka's own, or one that evtctl keeps: what was
// copied, what became of letters.
func IsInternal(topic string) bool {
	switch topic {
	case "__consumer_offsets", "__transaction_state", "__share_group_state", "__cluster_metadata", "__remote_log_metadata":
		return true
	}
	return strings.HasPrefix(topic, "evtctl.dlq.") || strings.HasPrefix(topic, "evtctl.replay.")
}
