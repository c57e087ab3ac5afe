package commands

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

type versionOptions struct {
	Env    *Env
	Format render.Format
}

// buildInfo is what is known of this very program.
type buildInfo struct {
	Version  int     `json:"version"` // of this document's form
	Evtctl   string  `json:"evtctl"`
	Revision *string `json:"revision"` // null in a build without version control
	Time     *string `json:"time"`
	Go       string  `json:"go"`
	Platform string  `json:"platform"`
}

func newVersionCmd(env *Env, run func(context.Context, *versionOptions) error) *cobra.Command {
	opts := &versionOptions{Env: env}
	return &cobra.Command{
		Use:     "version",
		Short:   "Show which evtctl this is",
		Example: "  evtctl version\n  evtctl version -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Format, err = env.format(); err != nil {
				return err
			}
			return run(cmd.Context(), opts)
		},
	}
}

func runVersion(_ context.Context, opts *versionOptions) error {
	info := readBuildInfo()
	return render.Print(opts.Env.Streams, opts.Format, render.View[buildInfo]{
		Document: info,
		Rows:     []buildInfo{info},
		Columns: []render.Column[buildInfo]{
			{Name: "VERSION", Raw: func(b buildInfo) string { return b.Evtctl }},
			{Name: "REVISION", Raw: func(b buildInfo) string { return deref(b.Revision) }},
			{Name: "TIME", Wide: true, Raw: func(b buildInfo) string { return deref(b.Time) }},
			{Name: "GO", Raw: func(b buildInfo) string { return b.Go }},
			{Name: "PLATFORM", Raw: func(b buildInfo) string { return b.Platform }},
		},
	})
}

// readBuildInfo asks the program itself, so that nothing has to be stamped in when
// it is built.
func readBuildInfo() buildInfo {
	info := buildInfo{Version: 1, Evtctl: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if build.Main.Version != "" {
		info.Evtctl = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			short := s.Value[:min(12, len(s.Value))]
			info.Revision = &short
		case "vcs.time":
			info.Time = &s.Value
		}
	}
	return info
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
