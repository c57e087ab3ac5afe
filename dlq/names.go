package dlq

import (
	"regexp"
	"strings"
)

// Endings and beginnings of the names that frameworks and people give to dead-letter
// topics. They are hints only.
var (
	queueSuffixes = []string{".dlq", "-dlq", "_dlq", ".dlt", "-dlt", "_dlt", "-dead-letter", ".dead-letter", "_dead_letter",
		"-dead-letters", ".dead-letters", "-dead-letter-queue", "-error", ".error"}
	queuePrefixes = []string{"error.", "dlq.", "dlq-", "dead-letter-topic-"}
	queueNames    = []string{"dlq", "dlt", "dead-letters", "dead-letter-queue", "wolverine-dead-letter-queue", "poison_queue"}
)

// retryName matches topics that a framework reads itself, later.
var retryName = regexp.MustCompile(`(?i)[._-]retry([._-][0-9]+(ms|s|m|h)?)?$`)

// named tells what a topic's name says about it.
func named(topic string) (queue, retry bool) {
	if retryName.MatchString(topic) {
		return false, true
	}
	lower := strings.ToLower(topic)
	for _, s := range queueSuffixes {
		queue = queue || strings.HasSuffix(lower, s)
	}
	for _, p := range queuePrefixes {
		queue = queue || strings.HasPrefix(lower, p)
	}
	for _, n := range queueNames {
		queue = queue || lower == n
	}
	return queue, false
}
