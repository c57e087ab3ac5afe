package kafkatest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// layout says what a cluster is to be like, before it has folders and ports.
type layout struct {
	nodes     int
	listeners []listener // for clients; plaintext when none is named
	configs   []string   // "key=value", the last of a key wins
	jvm       []string
	format    []string // more arguments of the storage tool
	auth      []kgo.Opt
	// controllerProtocol is what the nodes speak among themselves; plaintext when
	// it is empty.
	controllerProtocol string
	fresh              bool
	ports              [][]int // per node: one per listener, then the controller's
}

// listener is one door of a broker: its name, and what is spoken there.
type listener struct{ name, protocol string }

// controller names the door that the nodes themselves use.
const controller = "CONTROLLER"

// doors are a node's listeners, the controller's last.
func (l *layout) doors() []listener {
	doors := l.listeners
	if len(doors) == 0 {
		doors = []listener{{"PLAINTEXT", "PLAINTEXT"}}
	}
	protocol := l.controllerProtocol
	if protocol == "" {
		protocol = "PLAINTEXT"
	}
	return append(doors[:len(doors):len(doors)], listener{controller, protocol})
}

// address is where a node's listener is reached.
func (l *layout) address(node, door int) string {
	return fmt.Sprintf("127.0.0.1:%d", l.ports[node][door])
}

// choosePorts finds a free port for every door.
func (l *layout) choosePorts() error {
	taken := make(map[int]bool)
	l.ports = make([][]int, l.nodes)
	for i := range l.ports {
		for range l.doors() {
			port, err := freePort(taken)
			if err != nil {
				return err
			}
			taken[port] = true
			l.ports[i] = append(l.ports[i], port)
		}
	}
	return nil
}

// freePort picks one below those that systems hand to outgoing connections:
// such a port could be gone again before the broker, or the restarted node,
// comes to use it.
func freePort(taken map[int]bool) (int, error) {
	for range 100 {
		port := 15000 + mathrand.IntN(17000)
		if taken[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("choosing a port: none of 100 tried is free")
}

// newClusterID makes an id in the form Kafka wants: a UUID in URL base64.
func newClusterID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	id[0] &= 0x7f        // a leading dash would look like a flag
	return base64.RawURLEncoding.EncodeToString(id)
}

// properties is a node's server.properties.
func (l *layout) properties(node int, dir string) string {
	var b strings.Builder
	set := func(key, format string, args ...any) {
		fmt.Fprintf(&b, "%s=%s\n", key, fmt.Sprintf(format, args...))
	}
	var listen, protocols, voters []string
	for i, door := range l.doors() {
		listen = append(listen, door.name+"://"+l.address(node, i))
		protocols = append(protocols, door.name+":"+door.protocol)
	}
	for i := range l.nodes {
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, l.address(i, len(l.doors())-1)))
	}
	set("process.roles", "broker,controller")
	set("node.id", "%d", node+1)
	set("controller.quorum.voters", "%s", strings.Join(voters, ","))
	set("controller.listener.names", "%s", controller)
	set("inter.broker.listener.name", "%s", l.doors()[0].name)
	set("listeners", "%s", strings.Join(listen, ","))
	set("listener.security.protocol.map", "%s", strings.Join(protocols, ","))
	set("log.dirs", "%s", filepath.Join(dir, "data")) // see node.dataDir
	replicas := min(l.nodes, 3)
	inSync := max(1, replicas-1)
	set("default.replication.factor", "%d", replicas)
	for _, topic := range []string{"transaction.state.log", "share.coordinator.state.topic", "offsets.topic"} {
		set(topic+".replication.factor", "%d", replicas)
		set(topic+".num.partitions", "%d", 4)
		if topic != "offsets.topic" { // has none of its own
			set(topic+".min.isr", "%d", inSync)
		}
	}
	b.WriteString(quickConfigs)
	for _, config := range l.configs {
		b.WriteString(config + "\n") // Java takes the last of a repeated key
	}
	return b.String()
}

// quickConfigs make a broker answer in the time a test has, and fit beside
// others on a small machine. They change when things happen, never what.
const quickConfigs = `
offsets.topic.num.partitions=8
auto.create.topics.enable=false

# Members join, rebalance and are missed within a moment.
group.initial.rebalance.delay.ms=0
group.streams.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=500
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=10000
group.consumer.assignment.interval.ms=0
group.share.min.heartbeat.interval.ms=100
group.share.heartbeat.interval.ms=500
group.share.min.session.timeout.ms=1000
group.share.session.timeout.ms=10000
group.share.assignment.interval.ms=0
group.share.min.record.lock.duration.ms=1000
group.streams.min.heartbeat.interval.ms=100
group.streams.heartbeat.interval.ms=500
group.streams.min.session.timeout.ms=1000
group.streams.session.timeout.ms=10000
group.streams.assignment.interval.ms=0

# Retention, compaction and the ending of forgotten transactions are seen soon.
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
log.cleaner.backoff.ms=500
log.segment.delete.delay.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=500

# A killed node is missed after seconds; more haste would suspect a busy one.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=5000

num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
`
