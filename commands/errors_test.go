package commands_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/cluster"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
)

func TestEveryErrorHasItsExitCode(t *testing.T) {
	_, badFormat := render.ParseFormat("xml")
	settings, err := cluster.Resolve(cluster.Flags{}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	broken := fmt.Errorf("listing groups: %w", &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE})
	brokenPipe, ok := errors.AsType[*cluster.ConnectError](settings.Explain(broken))
	if !ok {
		t.Fatalf("Explain(%v) is no ConnectError", broken)
	}
	for name, c := range map[string]struct {
		err  error
		want commands.Failure
	}{
		"nothing went wrong":         {nil, commands.Failure{Code: 0}},
		"anything else is a failure": {errors.New("disk full"), commands.Failure{Code: 1, Message: "disk full"}},
		"a form not on offer": {badFormat, commands.Failure{
			Code: 2, Message: `output format "xml" is not one of table, wide, json, jsonl, yaml, csv`, Hint: "-o table|wide|json|jsonl|yaml|csv",
		}},
		"nobody confirmed": {render.ErrNotConfirmed, commands.Failure{Code: 2, Message: "not confirmed"}},
		"a group that isn't there": {&lag.GroupsNotFoundError{Groups: []string{"a"}, Near: []string{"ab"}}, commands.Failure{
			Code: 2, Message: `group "a": not found in this cluster`, Hint: "there is ab",
		}},
		"no group is near": {&lag.GroupsNotFoundError{Groups: []string{"a", "b"}}, commands.Failure{
			Code: 2, Message: `groups "a", "b": not found in this cluster`, Hint: `"evtctl lag" lists the groups of the cluster`,
		}},
		"a topic that isn't there": {&lag.TopicNotFoundError{Topic: "a"}, commands.Failure{
			Code: 2, Message: `topic "a": not found in this cluster`, Hint: `"evtctl lag --by topic" lists the topics that groups read`,
		}},
		"a broker's broken pipe is no reader that had enough": {brokenPipe, commands.Failure{
			Code: 1, Message: brokenPipe.Error(), Hint: brokenPipe.Hint(),
		}},
		"Ctrl-C":                {fmt.Errorf("reading: %w", context.Canceled), commands.Failure{Code: 130, Message: "interrupted"}},
		"the reader had enough": {fmt.Errorf("writing: %w", syscall.EPIPE), commands.Failure{Code: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := commands.Exit(c.err); got != c.want {
				t.Errorf("Exit(%v) = %+v, want %+v", c.err, got, c.want)
			}
		})
	}
}
