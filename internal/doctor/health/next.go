package health

import (
	"strings"

	"github.com/evtctl/evtctl/internal/doctor/shell"
)

// Commands knows how the next commands have to be written.
type Commands struct {
	// Flags are those that a command needs to reach the same cluster, such as -b and its
	// address.
	Flags []string
	// Brokers are the addresses for Apache's own tools.
	Brokers []string
	// Doctor tells whether there is an "evtctl doctor" to send to.
	Doctor bool
}

// evtctl is a command of this program, quoted for a shell.
func (c Commands) evtctl(words ...string) string {
	return quoted(append(append([]string{"evtctl"}, words...), c.Flags...))
}

// about is a command about a topic, which is its argument.
func (c Commands) about(topic string, words ...string) string {
	if strings.HasPrefix(topic, "-") {
		words = append(words, c.Flags...)
		return quoted(append(append([]string{"evtctl"}, words...), "--", topic))
	}
	return c.evtctl(append(words, topic)...)
}

// group is a command about a group. The one without a name can't be named.
func (c Commands) group(group string, words ...string) string {
	if group == "" {
		return c.evtctl("lag")
	}
	return c.evtctl(append([]string{"lag", "--group", group}, words...)...)
}

// apache is one of Kafka's own tools, for what evtctl doesn't do.
func (c Commands) apache(tool string, words ...string) string {
	return quoted(append([]string{tool, "--bootstrap-server", strings.Join(c.Brokers, ",")}, words...))
}

// why is the command that looks for the cause of what a group does.
func (c Commands) why(group string) string {
	switch {
	case group == "":
		return c.evtctl("lag")
	case c.Doctor:
		return c.evtctl("doctor", "--group", group)
	}
	return c.evtctl("lag", "watch", "--group", group)
}

// quoted makes words safe to copy into a shell.
func quoted(words []string) string {
	return shell.Command(words).String()
}
