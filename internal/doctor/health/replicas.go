package health

import (
	"cmp"
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/hedge"
	"github.com/evtctl/evtctl/lag"
)

// unknownReplicas are those of a cluster whose metadata have not come.
func unknownReplicas() Replicas {
	return Replicas{Brokers: lag.Unknown, Partitions: lag.Unknown, UnderReplicated: lag.Unknown, Offline: lag.Unknown, Topics: []TopicReplica{}}
}

// readReplicas asks for the metadata of all topics. The client's own are seconds old.
func (k *collector) readReplicas(ctx context.Context) error {
	replicas, err := hedge.Read(ctx, k.askReplicas)
	if err == nil {
		k.report.Replicas = *replicas
	}
	return err
}

func (k *collector) askReplicas(ctx context.Context) (*Replicas, error) {
	req := kmsg.NewPtrMetadataRequest() // without topics: all of them
	resp, err := req.RequestWith(ctx, k.Client)
	if err != nil {
		return nil, err
	}
	r := &Replicas{Brokers: lag.Int(len(resp.Brokers)), Topics: []TopicReplica{}}
	for i := range resp.Topics {
		t := &resp.Topics[i]
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil || t.Topic == nil {
			continue // those that are hidden are not in the answer; this one is being deleted
		}
		r.add(t)
	}
	slices.SortFunc(r.Topics, func(a, b TopicReplica) int { return cmp.Compare(a.Topic, b.Topic) })
	return r, nil
}

func (r *Replicas) add(t *kmsg.MetadataResponseTopic) {
	lacks := TopicReplica{Topic: *t.Topic, UnderReplicated: []int32{}, Offline: []int32{}, Missing: []int32{}}
	r.Partitions += lag.Int(len(t.Partitions))
	for i := range t.Partitions {
		p := &t.Partitions[i]
		switch {
		case p.Leader < 0:
			lacks.Offline = append(lacks.Offline, p.Partition)
		case len(p.ISR) < len(p.Replicas):
			lacks.UnderReplicated = append(lacks.UnderReplicated, p.Partition)
		default:
			continue
		}
		for _, replica := range p.Replicas {
			in := slices.Contains(p.ISR, replica) && !slices.Contains(p.OfflineReplicas, replica)
			if !in && !slices.Contains(lacks.Missing, replica) {
				lacks.Missing = append(lacks.Missing, replica)
			}
		}
	}
	if len(lacks.Offline)+len(lacks.UnderReplicated) == 0 {
		return
	}
	r.Offline += lag.Int(len(lacks.Offline))
	r.UnderReplicated += lag.Int(len(lacks.UnderReplicated))
	slices.Sort(lacks.Offline)
	slices.Sort(lacks.UnderReplicated)
	slices.Sort(lacks.Missing)
	r.Topics = append(r.Topics, lacks)
}
