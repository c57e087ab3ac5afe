package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/evtctl/evtctl/lag"
)

func unknownTopic(err error) bool { return errors.Is(err, kerr.UnknownTopicOrPartition) }

// settings are what a topic is set to; negative and zero values are those of Kafka.
type settings struct {
	minInSync int
	retention time.Duration // negative: for ever, or not by time
}

// risks reads the settings of the topics, and finds those with which a single broker
// that stops loses records, or stops writing.
func (e *examination) risks(ctx context.Context) {
	if e.req.Topic == "" {
		return // a cluster has many topics, and this is about one
	}
	set, err := e.settings(ctx, e.req.Topic)
	if err != nil {
		e.unknown(fmt.Sprintf("settings of topic %q", e.req.Topic), err)
		return
	}
	e.set = set
	replicas := e.logs[e.req.Topic].Partitions.NumReplicas()
	finding := Finding{Cause: ThinWrites, Verdict: lag.Warning}
	switch {
	case len(e.nodes) < 2 || replicas == 0:
		return // there is nowhere for another replica
	case replicas == 1:
		finding.Summary = fmt.Sprintf("topic %q has one replica, though there are %d brokers", e.req.Topic, len(e.nodes))
		finding.Evidence = []string{"when the broker that has a partition stops, the partition is offline; when its disk is lost, the records are"}
	case set.minInSync >= replicas:
		finding.Summary = fmt.Sprintf("topic %q is not written to as soon as one of its brokers stops", e.req.Topic)
		finding.Evidence = []string{fmt.Sprintf("min.insync.replicas is %d and it has %d replicas: with acks=all, all of them must be there", set.minInSync, replicas)}
	case set.minInSync == 1:
		finding.Summary = fmt.Sprintf("records of topic %q count as written when one broker has them", e.req.Topic)
		finding.Evidence = []string{fmt.Sprintf("min.insync.replicas is 1 with %d replicas: when the others are behind, what was acknowledged is lost with that one broker", replicas)}
	default:
		return
	}
	e.d.advise(finding)
}

func (e *examination) settings(ctx context.Context, topic string) (s settings, err error) {
	described, err := e.adm.DescribeTopicConfigs(ctx, topic)
	if err == nil && len(described) == 1 {
		err = described[0].Err
	}
	if err != nil || len(described) == 0 {
		return s, err
	}
	s = settings{1, -1}
	expires := true
	for _, c := range described[0].Configs {
		switch c.Key {
		case "min.insync.replicas":
			s.minInSync, _ = strconv.Atoi(c.MaybeValue())
		case "retention.ms":
			ms, _ := strconv.ParseInt(c.MaybeValue(), 10, 64)
			s.retention = time.Duration(min(ms, int64(1<<63-1)/int64(time.Millisecond))) * time.Millisecond
		case "cleanup.policy":
			expires = c.MaybeValue() != "compact"
		}
	}
	if !expires {
		s.retention = -1
	}
	return s, nil
}
