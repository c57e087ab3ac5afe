package dlq

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// groupConfigs finds what share groups write their dead letters to. Brokers that
// don't have the setting yet have no groups that use it.
func (s *search) groupConfigs(ctx context.Context, topics []string) {
	groups := s.shareGroups(ctx)
	if len(groups) == 0 {
		return
	}
	req := kmsg.NewPtrDescribeConfigsRequest()
	for _, g := range groups {
		r := kmsg.NewDescribeConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeGroupConfig, g
		req.Resources = append(req.Resources, r)
	}
	resp, err := req.RequestWith(ctx, s.r.Client)
	if err != nil {
		s.note("configurations of share groups could not be read: %v", err)
		return
	}
	for _, r := range resp.Resources {
		if err := kerr.ErrorForCode(r.ErrorCode); err != nil {
			if !errors.Is(err, kerr.InvalidRequest) { // brokers before groups had any
				s.note("configuration of group %q could not be read: %v", r.ResourceName, err)
			}
			continue
		}
		for _, kv := range r.Configs {
			if kv.Name != queueConfig+"topic.name" || kv.Value == nil || *kv.Value == "" {
				continue
			}
			topic := *kv.Value
			s.groups[topic] = append(s.groups[topic], r.ResourceName)
			if !slices.Contains(s.because[topic], "group-config") {
				s.because[topic] = append(s.because[topic], "group-config")
			}
			if !slices.Contains(topics, topic) && len(s.req.Topics) == 0 {
				s.note("share group %q is to write to topic %q, which isn't there", r.ResourceName, topic)
			}
		}
	}
}

// shareGroups lists them on all brokers.
func (s *search) shareGroups(ctx context.Context) []string {
	var groups []string
	for _, shard := range s.r.Client.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		err := shard.Err
		if err == nil {
			err = kerr.ErrorForCode(shard.Resp.(*kmsg.ListGroupsResponse).ErrorCode)
		}
		if err != nil {
			s.note("groups of broker %d could not be listed: %v", shard.Meta.NodeID, err)
			continue
		}
		for _, g := range shard.Resp.(*kmsg.ListGroupsResponse).Groups {
			if strings.EqualFold(g.GroupType, "share") {
				groups = append(groups, g.Group)
			}
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
