package kafkatest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Allow lets a principal ("bob", or "User:bob") do something, until the test
// ends: the operations, on the resource of that type and name. The name "*"
// means all of them; the cluster's own is "kafka-cluster".
func (s *SecuredCluster) Allow(t testing.TB, principal string, kind kmsg.ACLResourceType, name string, ops ...kmsg.ACLOperation) {
	t.Helper()
	grants := newGrants(principal, kind, name, ops)
	cl := s.Client(t)
	if err := create(cl, grants); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remove(cl, grants); err != nil {
			t.Errorf("%v: later tests see what they shouldn't", err)
		}
	})
}

// letAliceRead gives alice what her name promises.
func (s *SecuredCluster) letAliceRead() error {
	cl, err := s.open()
	if err != nil {
		return err
	}
	defer cl.Close()
	read, describe, configs := kmsg.ACLOperationRead, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs
	var grants []kmsg.CreateACLsRequestCreation
	for _, g := range [][]kmsg.CreateACLsRequestCreation{
		newGrants(Alice, kmsg.ACLResourceTypeTopic, "*", []kmsg.ACLOperation{read, describe, configs}),
		newGrants(Alice, kmsg.ACLResourceTypeGroup, "*", []kmsg.ACLOperation{read, describe, configs}),
		newGrants(Alice, kmsg.ACLResourceTypeTransactionalId, "*", []kmsg.ACLOperation{describe}),
		newGrants(Alice, kmsg.ACLResourceTypeCluster, "kafka-cluster", []kmsg.ACLOperation{describe, configs}),
	} {
		grants = append(grants, g...)
	}
	return create(cl, grants)
}

func newGrants(principal string, kind kmsg.ACLResourceType, name string, ops []kmsg.ACLOperation) []kmsg.CreateACLsRequestCreation {
	if !strings.HasPrefix(principal, "User:") {
		principal = "User:" + principal
	}
	var grants []kmsg.CreateACLsRequestCreation
	for _, op := range ops {
		g := kmsg.NewCreateACLsRequestCreation()
		g.ResourceType, g.ResourceName, g.ResourcePatternType = kind, name, kmsg.ACLResourcePatternTypeLiteral
		g.Principal, g.Host = principal, "*"
		g.Operation, g.PermissionType = op, kmsg.ACLPermissionTypeAllow
		grants = append(grants, g)
	}
	return grants
}

// create makes the grants and waits until the broker obeys them.
func create(cl *kgo.Client, grants []kmsg.CreateACLsRequestCreation) error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	req := kmsg.NewPtrCreateACLsRequest()
	req.Creations = grants
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return fmt.Errorf("creating ACLs: %w", err)
	}
	for i, result := range resp.Results {
		if err := kerr.ErrorForCode(result.ErrorCode); err != nil {
			return fmt.Errorf("creating an ACL for %s: %w", grants[i].Principal, err)
		}
	}
	return awaitGrants(ctx, cl, grants, true)
}

// remove takes the grants back and waits until the broker has forgotten them.
func remove(cl *kgo.Client, grants []kmsg.CreateACLsRequestCreation) error {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTime)
	defer cancel()
	req := kmsg.NewPtrDeleteACLsRequest()
	for _, g := range grants {
		f := kmsg.NewDeleteACLsRequestFilter()
		f.ResourceType, f.ResourceName, f.ResourcePatternType = g.ResourceType, &g.ResourceName, g.ResourcePatternType
		f.Principal, f.Host = &g.Principal, &g.Host
		f.Operation, f.PermissionType = g.Operation, g.PermissionType
		req.Filters = append(req.Filters, f)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return fmt.Errorf("removing ACLs: %w", err)
	}
	for i, result := range resp.Results {
		if err := kerr.ErrorForCode(result.ErrorCode); err != nil {
			return fmt.Errorf("removing an ACL of %s: %w", grants[i].Principal, err)
		}
	}
	return awaitGrants(ctx, cl, grants, false)
}

// awaitGrants waits until the broker's authorizer has, or no longer has, all of
// the grants. It learns of them from the metadata log, a moment after they were
// accepted.
func awaitGrants(ctx context.Context, cl *kgo.Client, grants []kmsg.CreateACLsRequestCreation, want bool) error {
	for _, g := range grants {
		var asked error
		detail, ok := poll(setUpTime, func() (bool, string) {
			var has bool
			has, asked = hasGrant(ctx, cl, g)
			return asked != nil || has == want, fmt.Sprintf("present is %t", has)
		})
		if asked != nil {
			return asked
		}
		if !ok {
			return fmt.Errorf("waited %s for an ACL of %s to take effect: %s", setUpTime.Round(time.Second), g.Principal, detail)
		}
	}
	return nil
}

func hasGrant(ctx context.Context, cl *kgo.Client, g kmsg.CreateACLsRequestCreation) (bool, error) {
	req := kmsg.NewPtrDescribeACLsRequest()
	req.ResourceType, req.ResourceName, req.ResourcePatternType = g.ResourceType, &g.ResourceName, g.ResourcePatternType
	req.Principal, req.Host = &g.Principal, &g.Host
	req.Operation, req.PermissionType = g.Operation, g.PermissionType
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return false, fmt.Errorf("looking up ACLs of %s: %w", g.Principal, err)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return false, fmt.Errorf("looking up ACLs of %s: %w", g.Principal, err)
	}
	return len(resp.Resources) > 0, nil
}
