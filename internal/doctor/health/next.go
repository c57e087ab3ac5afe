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

// Evtctl is a command of this program, quoted for a shell.
func (c Commands) Evtctl(words ...string) string {
	return quoted(append(append([]string{"evtctl"}, words...), c.Flags...))
}

// About is a command about a topic, or an id, which is its argument.
func (c Commands) About(topic string, words ...string) string {
	if strings.HasPrefix(topic, "-") {
		words = append(words, c.Flags...)
		return quoted(append(append([]string{"evtctl"}, words...), "--", topic))
	}
	return c.Evtctl(append(words, topic)...)
}

// Group is a command about a group. The one without a name can't be named.
func (c Commands) Group(group string, words ...string) string {
	if group == "" {
		return c.Evtctl("lag")
	}
	return c.Evtctl(append([]string{"lag", "--group", group}, words...)...)
}

// apache is one of Kafka's own tools, for what evtctl doesn't do.
func (c Commands) apache(tool string, words ...string) string {
	return quoted(append([]string{tool, "--bootstrap-server", strings.Join(c.Brokers, ",")}, words...))
}

// why is the command that looks for the cause of what a group does.
func (c Commands) why(group string) string {
	switch {
	case group == "":
		return c.Evtctl("lag")
	case c.Doctor:
		return c.Evtctl("doctor", "--group", group)
	}
	return c.Evtctl("lag", "watch", "--group", group)
}

// quoted makes words safe to copy into a shell.
func quoted(words []string) string {
	return shell.Command(words).String()
}
