package doctor

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/doctor/shell"
	"github.com/evtctl/evtctl/internal/hedge"
	"github.com/evtctl/evtctl/lag"
)

// reachTime is how long a broker has to answer. One in the same room takes
// milliseconds, and one at the other end of the world less than a second.
const reachTime = 3 * time.Second

// brokers tries every address that the cluster tells its clients to use.
func (e *examination) brokers(ctx context.Context) error {
	metadata, err := e.adm.BrokerMetadata(ctx) // which the client knows
	if err != nil {
		return fmt.Errorf("asking for the brokers: %w", err)
	}
	e.d.ClusterID, e.nodes = metadata.Cluster, metadata.Brokers
	problems, modern := make([]string, len(e.nodes)), make([]bool, len(e.nodes))
	var wg sync.WaitGroup
	for i, node := range e.nodes {
		wg.Go(func() {
			limited, cancel := context.WithTimeout(ctx, max(reachTime, e.req.Timeout/3))
			defer cancel()
			ask := kmsg.NewPtrApiVersionsRequest()
			ask.ClientSoftwareName, ask.ClientSoftwareVersion = "evtctl", "1" // without them the request is refused (KIP-511)
			answer, err := e.Client.Broker(int(node.NodeID)).Request(limited, ask)
			if err == nil {
				modern[i] = nextGeneration(answer)
			} else {
				problems[i] = fmt.Sprintf("broker %d is to be reached at %s, and %s", node.NodeID, address(node), e.req.Word(err))
			}
		})
	}
	wg.Wait()
	e.nextGeneration = !slices.Contains(modern, false)
	e.away = slices.DeleteFunc(problems, func(p string) bool { return p == "" })
	if len(e.away) > 0 {
		e.d.find(Finding{
			Cause: Unreachable, Verdict: lag.Critical,
			Summary:  fmt.Sprintf("%d of %s can't be reached from here, at the addresses that the cluster tells its clients", len(e.away), count(int64(len(e.nodes)), "broker", "brokers")),
			Evidence: append(e.away, "a consumer on a machine like this one gets no further, either: look at advertised.listeners, and at what is between"),
			Commands: []shell.Command{{"lag"}},
		})
	}
	return nil
}

// nextGeneration tells whether a broker takes the heartbeats of KIP-848.
func nextGeneration(answer kmsg.Response) bool {
	versions, ok := answer.(*kmsg.ApiVersionsResponse)
	return ok && slices.ContainsFunc(versions.ApiKeys, func(k kmsg.ApiVersionsResponseApiKey) bool { return k.ApiKey == int16(kmsg.ConsumerGroupHeartbeat) })
}

func address(b kadm.BrokerDetail) string { return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))) }

// topics looks at the partitions that the question is about.
func (e *examination) topics(ctx context.Context) error {
	var names []string
	if e.req.Topic != "" {
		names = []string{e.req.Topic}
	}
	var details kadm.TopicDetails
	err := e.within(ctx, 1, func(ctx context.Context) (err error) {
		details, err = hedge.Read(ctx, func(ctx context.Context) (kadm.TopicDetails, error) { return e.adm.ListTopics(ctx, names...) })
		return err
	})
	if err != nil {
		return fmt.Errorf("asking for the topics: %w", err)
	}
	if e.req.Topic != "" {
		if d := details[e.req.Topic]; d.Err != nil {
			if unknownTopic(d.Err) {
				return &lag.TopicNotFoundError{Topic: e.req.Topic}
			}
			return fmt.Errorf("topic %q: %w", e.req.Topic, d.Err)
		}
	}
	e.logs = details
	e.replicas()
	e.risks(ctx)
	e.extent(ctx)
	return nil
}

// extent measures the topic.
func (e *examination) extent(ctx context.Context) {
	if e.req.Topic == "" {
		return
	}
	starts, err := e.adm.ListStartOffsets(ctx, e.req.Topic)
	ends := kadm.ListedOffsets{}
	if err == nil {
		ends, err = e.adm.ListEndOffsets(ctx, e.req.Topic)
	}
	if err != nil {
		e.unknown(fmt.Sprintf("extent of topic %q", e.req.Topic), err)
		return
	}
	e.spanKnown = true
	ends.Each(func(end kadm.ListedOffset) {
		if start, ok := starts.Lookup(end.Topic, end.Partition); ok && start.Err == nil && end.Err == nil {
			e.span += end.Offset - start.Offset
		} else {
			e.spanKnown = false
		}
	})
}

// some words the beginning of a list.
func some(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// shown is how many examples are evidence enough.
const shown = 5

// replicas finds partitions that nobody leads, and those with fewer copies in sync than
// they should have.
func (e *examination) replicas() {
	var dead, thin []string
	e.logs.EachPartition(func(p kadm.PartitionDetail) {
		name := fmt.Sprintf("%s:%d", p.Topic, p.Partition)
		switch {
		case p.Leader < 0:
			dead = append(dead, name+" has no leader: nobody can write or read it")
		case len(p.ISR) < len(p.Replicas):
			thin = append(thin, fmt.Sprintf("%s has %d of %d replicas in sync; broker %v lacks", name, len(p.ISR), len(p.Replicas), without(p.Replicas, p.ISR)))
		}
	})
	slices.Sort(dead)
	slices.Sort(thin)
	if len(dead) > 0 {
		e.d.find(Finding{
			Cause: Offline, Verdict: lag.Critical, Summary: count(int64(len(dead)), "partition is offline", "partitions are offline"),
			Evidence: some(dead, shown), Commands: []shell.Command{{"health"}},
		})
	}
	if len(thin) > 0 {
		e.d.find(Finding{
			Cause: UnderReplicated, Verdict: lag.Critical,
			Summary:  count(int64(len(thin)), "partition has", "partitions have") + " too few replicas in sync",
			Evidence: append(some(thin, shown), "the next broker that stops takes with it what has no other replica in sync; with too few for min.insync.replicas, writes are refused"),
			Commands: []shell.Command{{"health"}},
		})
	}
}

func without(all, some []int32) (rest []int32) {
	for _, n := range all {
		if !slices.Contains(some, n) {
			rest = append(rest, n)
		}
	}
	return rest
}
