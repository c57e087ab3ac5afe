package commands

import (
	"context"
	"os"
	"strings"

	"github.com/evtctl/evtctl/schema"
)

// fromRegistry is the value of --against for the configured registry.
const fromRegistry = "registry"

const againstForms = "--against registry, git:REVISION, a folder of versions, or files, oldest first"

// against lets a check be made against what --against names. The registry is asked
// for its verdict where it is the baseline, and for schemas that are referred to in
// any case where references are named.
func (e *Env) against(ctx context.Context, names []string, req *schema.Request) error {
	if len(names) == 1 && names[0] == fromRegistry || len(req.References) > 0 {
		client, _, err := e.OpenRegistry(ctx)
		if err != nil {
			return err
		}
		req.Resolver = client
		if names[0] == fromRegistry {
			req.Baseline, req.Judge = schema.InRegistry(client), client
			return nil
		}
	}
	return localBaseline(names, req)
}

// localBaseline is what --against names on this machine.
func localBaseline(names []string, req *schema.Request) error {
	if revision, git := strings.CutPrefix(names[0], "git:"); git && len(names) == 1 {
		req.Baseline = schema.InGit(revision)
		return nil
	}
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil && (name == fromRegistry || strings.HasPrefix(name, "git:")):
			return usagef(againstForms, "--against %s goes with no other --against", name)
		case err != nil:
			return usagef(againstForms, "--against %q: there is no such file", name)
		case info.IsDir() && len(names) > 1:
			return usagef(againstForms, "--against %s is a folder, and goes with no other --against", name)
		case info.IsDir():
			req.Baseline = schema.InDir(name)
			return nil
		}
	}
	req.Baseline = schema.InFiles(names...)
	return nil
}
