package commands_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/evtctl/evtctl/commands"
	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/evtctl/evtctl/lag"
)

func TestEveryErrorHasItsExitCode(t *testing.T) {
	_, badFormat := render.ParseFormat("xml")
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
