package lag

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/evtctl/evtctl/internal/hedge"
)

// The describe calls are made with kmsg instead of kadm: kadm gives up the rest of
// a broker's answer at the first group that the user may not describe, and has no
// call for streams groups.

// described is what the four describe calls have in common.
type described struct {
	group, state, assignor string
	epoch                  Int
	members                []member
	err                    error
}

type member struct {
	holder
	instance   string
	subscribed []string
	classic    bool
	assigned   []assignment
}

type assignment struct {
	topic      string // empty when the broker tells only the id, as the sandbox's does
	id         [16]byte
	partitions []int32
}

// describe asks for members and assignments, each type of group by its own call.
// Errors end up in the groups.
func (c *collector) describe(ctx context.Context, states []*groupState) {
	byType := map[Type]map[string]*groupState{}
	for _, s := range states {
		if s.Error != "" {
			continue
		}
		if byType[s.Type] == nil {
			byType[s.Type] = map[string]*groupState{}
		}
		byType[s.Type][s.Name] = s
	}
	var eg errgroup.Group
	for t, groups := range byType {
		eg.Go(func() error { c.describeType(ctx, t, groups); return nil })
	}
	_ = eg.Wait()
}

func (c *collector) describeType(ctx context.Context, t Type, groups map[string]*groupState) {
	names := make([]string, 0, len(groups))
	for n := range groups {
		names = append(names, n)
	}
	var shards []kgo.ResponseShard
	switch t {
	case Classic:
		req := kmsg.NewPtrDescribeGroupsRequest()
		req.Groups = names
		shards = c.cl.RequestSharded(ctx, req)
	case Consumer:
		req := kmsg.NewPtrConsumerGroupDescribeRequest()
		req.Groups = names
		shards = c.cl.RequestSharded(ctx, req)
	case Share:
		req := kmsg.NewPtrShareGroupDescribeRequest()
		req.GroupIDs = names
		shards = c.cl.RequestSharded(ctx, req)
	case Streams:
		shards = c.describeStreams(ctx, groups, names)
	default:
		for _, s := range groups {
			s.fail(fmt.Errorf("groups of type %q are not known to this evtctl", t))
		}
		return
	}
	answered := map[string]bool{}
	var failed error
	for _, shard := range shards {
		if shard.Err != nil {
			failed = shard.Err
			continue
		}
		all := describedGroups(shard.Resp)
		c.nameTopics(ctx, all)
		for _, d := range all {
			if s := groups[d.group]; s != nil {
				answered[d.group] = true
				s.learn(d, shard.Meta)
			}
		}
	}
	for n, s := range groups {
		if !answered[n] && s.Error == "" {
			if failed == nil {
				failed = errors.New("the broker left the group out of its answer")
			}
			s.fail(fmt.Errorf("describing the group: %w", failed))
		}
	}
}

// describeStreams finds the coordinators itself, as the client can't route this
// request.
func (c *collector) describeStreams(ctx context.Context, groups map[string]*groupState, names []string) []kgo.ResponseShard {
	perNode := map[int32]*kgo.ResponseShard{}
	for n, found := range c.adm.FindGroupCoordinators(ctx, names...) {
		if found.Err != nil {
			groups[n].fail(fmt.Errorf("finding its coordinator: %w", found.Err))
			continue
		}
		shard := perNode[found.NodeID]
		if shard == nil {
			shard = &kgo.ResponseShard{
				Meta: kgo.BrokerMetadata{NodeID: found.NodeID, Host: found.Host, Port: found.Port},
				Req:  kmsg.NewPtrStreamsGroupDescribeRequest(),
			}
			perNode[found.NodeID] = shard
		}
		req := shard.Req.(*kmsg.StreamsGroupDescribeRequest)
		req.Groups = append(req.Groups, n)
	}
	var shards []kgo.ResponseShard
	for node, shard := range perNode {
		shard.Resp, shard.Err = c.cl.Broker(int(node)).RetriableRequest(ctx, shard.Req)
		shards = append(shards, *shard)
	}
	return shards
}

// nameTopics looks up the names of topics that are known by their ids alone. What
// has no name any more was deleted, and is nobody's to read.
func (c *collector) nameTopics(ctx context.Context, groups []described) {
	unnamed := map[[16]byte][]*assignment{}
	for i := range groups {
		for j := range groups[i].members {
			m := &groups[i].members[j]
			for k := range m.assigned {
				if a := &m.assigned[k]; a.topic == "" {
					unnamed[a.id] = append(unnamed[a.id], a)
				}
			}
		}
	}
	if len(unnamed) == 0 {
		return
	}
	resp, err := hedge.Read(ctx, func(ctx context.Context) (*kmsg.MetadataResponse, error) {
		req := kmsg.NewPtrMetadataRequest()
		for id := range unnamed {
			t := kmsg.NewMetadataRequestTopic()
			t.TopicID = id
			req.Topics = append(req.Topics, t)
		}
		return req.RequestWith(ctx, c.cl)
	})
	if err != nil {
		for i := range groups {
			groups[i].err = fmt.Errorf("naming the topics of its members: %w", err)
		}
		return
	}
	for _, t := range resp.Topics {
		for _, a := range unnamed[t.TopicID] {
			if t.Topic != nil {
				a.topic = *t.Topic
			}
		}
	}
}

func (s *groupState) learn(d described, coordinator kgo.BrokerMetadata) {
	s.Coordinator = Text(brokerName(coordinator))
	if d.err != nil {
		s.fail(d.err)
		return
	}
	s.State, s.Assignor, s.Members, s.Epoch = Text(d.state), Text(d.assignor), Int(len(d.members)), d.epoch
	for i := range d.members {
		m := &d.members[i]
		s.Roster = append(s.Roster, Member{m.memberID, m.instance, m.clientID, m.host, m.subscribed, m.classic})
		for _, a := range m.assigned {
			if a.topic != "" {
				s.hold(&m.holder, a.topic, a.partitions)
			}
		}
	}
}

func brokerName(b kgo.BrokerMetadata) string {
	return fmt.Sprintf("%s (%d)", net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))), b.NodeID)
}

func describedGroups(resp kmsg.Response) []described {
	var all []described
	switch resp := resp.(type) {
	case *kmsg.DescribeGroupsResponse:
		for i := range resp.Groups {
			all = append(all, fromClassic(&resp.Groups[i]))
		}
	case *kmsg.ConsumerGroupDescribeResponse:
		for i := range resp.Groups {
			all = append(all, fromConsumer(&resp.Groups[i]))
		}
	case *kmsg.ShareGroupDescribeResponse:
		for i := range resp.Groups {
			all = append(all, fromShare(&resp.Groups[i]))
		}
	case *kmsg.StreamsGroupDescribeResponse:
		for i := range resp.Groups {
			all = append(all, fromStreams(&resp.Groups[i]))
		}
	}
	return all
}

func fromClassic(g *kmsg.DescribeGroupsResponseGroup) described {
	d := described{group: g.Group, state: g.State, assignor: g.Protocol, epoch: Unknown, err: kerr.ErrorForCode(g.ErrorCode)}
	for i := range g.Members {
		m := member{holder: holder{g.Members[i].MemberID, g.Members[i].ClientID, g.Members[i].ClientHost}, classic: true}
		if g.Members[i].InstanceID != nil {
			m.instance = *g.Members[i].InstanceID
		}
		var sub kmsg.ConsumerMemberMetadata
		if g.ProtocolType == "consumer" && sub.ReadFrom(g.Members[i].ProtocolMetadata) == nil {
			m.subscribed = sub.Topics
		}
		// Other kinds of members, such as Kafka Connect's workers, hold no partitions.
		var a kmsg.ConsumerMemberAssignment
		if g.ProtocolType == "consumer" && a.ReadFrom(g.Members[i].MemberAssignment) == nil {
			for _, t := range a.Topics {
				m.assigned = append(m.assigned, assignment{topic: t.Topic, partitions: t.Partitions})
			}
		}
		d.members = append(d.members, m)
	}
	return d
}

func fromConsumer(g *kmsg.ConsumerGroupDescribeResponseGroup) described {
	d := described{group: g.Group, state: g.State, assignor: g.AssignorName, epoch: Int(g.Epoch), err: kerr.ErrorForCode(g.ErrorCode)}
	for i := range g.Members {
		m := member{
			holder:     holder{g.Members[i].MemberID, g.Members[i].ClientID, g.Members[i].ClientHost},
			subscribed: g.Members[i].SubscribedTopics, classic: g.Members[i].MemberType == 0,
		}
		if g.Members[i].InstanceID != nil {
			m.instance = *g.Members[i].InstanceID
		}
		for _, t := range g.Members[i].Assignment.TopicPartitions {
			m.assigned = append(m.assigned, assignment{t.Topic, t.TopicID, t.Partitions})
		}
		d.members = append(d.members, m)
	}
	return d
}

func fromShare(g *kmsg.ShareGroupDescribeResponseGroup) described {
	d := described{group: g.GroupID, state: g.GroupState, assignor: g.Assignor, epoch: Int(g.GroupEpoch), err: kerr.ErrorForCode(g.ErrorCode)}
	for i := range g.Members {
		m := member{
			holder:     holder{g.Members[i].MemberID, g.Members[i].ClientID, g.Members[i].ClientHost},
			subscribed: g.Members[i].SubscribedTopicNames,
		}
		for _, t := range g.Members[i].Assignment.TopicPartitions {
			m.assigned = append(m.assigned, assignment{t.Topic, t.TopicID, t.Partitions})
		}
		d.members = append(d.members, m)
	}
	return d
}

// fromStreams turns tasks into partitions: a task reads its partition number of
// every source topic of its subtopology.
func fromStreams(g *kmsg.StreamsGroupDescribeResponseGroup) described {
	d := described{group: g.Group, state: g.State, epoch: Int(g.Epoch), err: kerr.ErrorForCode(g.ErrorCode)}
	if g.AssignorName != nil {
		d.assignor = *g.AssignorName
	}
	sources := map[string][]string{}
	if g.Topology != nil {
		for _, sub := range g.Topology.Subtopologies {
			topics := sub.SourceTopics
			for _, t := range sub.RepartitionSourceTopics {
				topics = append(topics, t.Topic)
			}
			sources[sub.SubtopologyID] = topics
		}
	}
	for i := range g.Members {
		m := member{holder: holder{g.Members[i].MemberID, g.Members[i].ClientID, g.Members[i].ClientHost}}
		for _, task := range g.Members[i].Assignment.ActiveTasks {
			for _, topic := range sources[task.SubtopologyID] {
				m.assigned = append(m.assigned, assignment{topic: topic, partitions: task.Partitions})
			}
		}
		d.members = append(d.members, m)
	}
	return d
}
