package lag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/hedge"
)

// groupState gathers what is learnt of a group until its partitions can be assembled.
type groupState struct {
	Group
	holders map[string]map[int32]*holder // by topic and partition
	commits map[string]map[int32]commit
	word    func(error) string // words an error for the report
}

// holder is the member that a partition is assigned to.
type holder struct{ memberID, clientID, host string }

// commit is a committed offset, or why it could not be read.
type commit struct {
	offset int64
	lag    Int // as the broker counts it, for share groups
	err    error
}

func (c *collector) newGroupState(name string, t Type, state string) *groupState {
	return &groupState{
		word:    c.req.Word,
		Group:   Group{Name: name, Type: t, State: Text(state), Members: Unknown, Epoch: Unknown},
		holders: map[string]map[int32]*holder{},
		commits: map[string]map[int32]commit{},
	}
}

func (s *groupState) fail(err error) {
	s.Error = Text(s.word(err))
	s.notAuthorized = isAuthError(err)
}

func (s *groupState) hold(h *holder, topic string, partitions []int32) {
	if s.holders[topic] == nil {
		s.holders[topic] = make(map[int32]*holder, len(partitions))
	}
	for _, p := range partitions {
		s.holders[topic][p] = h
	}
}

func isAuthError(err error) bool {
	var auth *kadm.AuthError
	return errors.As(err, &auth) || errors.Is(err, kerr.GroupAuthorizationFailed) ||
		errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed)
}

// kafkasWords are how an error reads when nobody words it better.
func kafkasWords(err error) string {
	var k *kerr.Error
	if errors.As(err, &k) {
		return k.Message + ": " + strings.TrimSuffix(k.Description, ".")
	}
	return err.Error()
}

type clusterIdentity struct {
	id          string
	mayDescribe bool
}

// identity asks for the cluster's id and whether the user may describe it: only
// then does a broker list groups that the user has no permission for.
func (c *collector) identity(ctx context.Context) (clusterIdentity, error) {
	req := kmsg.NewPtrDescribeClusterRequest()
	req.IncludeClusterAuthorizedOperations = true
	resp, err := req.RequestWith(ctx, c.cl)
	if err == nil && resp.ErrorCode == 0 {
		// Without the permission the broker answers with no operation at all.
		return clusterIdentity{resp.ClusterID, resp.ClusterAuthorizedOperations != 0}, nil
	}
	meta, err := c.adm.BrokerMetadata(ctx) // brokers before 2.8
	if err != nil {
		return clusterIdentity{}, fmt.Errorf("cluster id: %w", err)
	}
	return clusterIdentity{meta.Cluster, true}, nil
}

// topics asks for the metadata of topics.
func (c *collector) topics(ctx context.Context, names ...string) (kadm.TopicDetails, error) {
	return hedge.Read(ctx, func(ctx context.Context) (kadm.TopicDetails, error) { return c.adm.ListTopics(ctx, names...) })
}

type listedGroups struct {
	groups   []*groupState // sorted by name
	problems []string
}

// list asks every broker for its groups. kadm's own listing leaves out the type.
func (c *collector) list(ctx context.Context) (listedGroups, error) {
	var l listedGroups
	var firstErr error
	shards := c.cl.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest())
	for _, shard := range shards {
		err := shard.Err
		if err == nil {
			resp := shard.Resp.(*kmsg.ListGroupsResponse)
			if err = kerr.ErrorForCode(resp.ErrorCode); err == nil {
				for _, g := range resp.Groups {
					s := c.newGroupState(g.Group, typeOf(g.GroupType), g.GroupState)
					s.ProtocolType = Text(g.ProtocolType)
					l.groups = append(l.groups, s)
				}
				continue
			}
		}
		firstErr = err
		l.problems = append(l.problems, fmt.Sprintf("groups of broker %s: %s", brokerName(shard.Meta), c.req.Word(err)))
	}
	if len(l.problems) == len(shards) && firstErr != nil {
		return l, fmt.Errorf("listing groups: %w", firstErr)
	}
	sort.SliceStable(l.groups, func(i, j int) bool { return l.groups[i].Name < l.groups[j].Name })
	// Two brokers list a group while its coordinator moves from one to the other.
	l.groups = slices.CompactFunc(l.groups, func(a, b *groupState) bool { return a.Name == b.Name })
	return l, nil
}

// typeOf reads a group type; brokers before 3.8 send none and know only classic groups.
func typeOf(s string) Type {
	if s == "" {
		return Classic
	}
	return Type(strings.ToLower(s))
}

// hidden tells which of names this user may not describe, whether they are there or
// not: the broker doesn't say.
func (c *collector) hidden(ctx context.Context, names []string) ([]*groupState, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = names
	var hidden []*groupState
	for _, shard := range c.cl.RequestSharded(ctx, req) {
		if shard.Err != nil && !isAuthError(shard.Err) {
			return nil, fmt.Errorf("looking for group %q: %w", names[0], shard.Err)
		}
		for _, n := range shard.Req.(*kmsg.DescribeGroupsRequest).Groups {
			if isAuthError(shard.Err) || isAuthError(errorOf(shard.Resp, n)) {
				s := c.newGroupState(n, "", "")
				s.fail(kerr.GroupAuthorizationFailed)
				hidden = append(hidden, s)
			}
		}
	}
	return hidden, nil
}

func errorOf(resp kmsg.Response, group string) error {
	if resp == nil {
		return nil
	}
	for _, d := range describedGroups(resp) {
		if d.group == group {
			return d.err
		}
	}
	return nil
}
