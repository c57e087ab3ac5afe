package main

import (
	"context"
	"debug/buildinfo"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// machine is what ran on what.
type machine struct {
	Revision string `json:"evtctl_revision"` // with "-dirty" when the checkout had changes; empty when unknown
	Go       string `json:"go"`              // that evtctl was built with
	Platform string `json:"platform"`
	Cores    int    `json:"cores"`
	CPU      string `json:"cpu"` // empty when the system doesn't say
	Kafka    string `json:"kafka"`
	JVM      string `json:"jvm"`
}

func (p *programs) machine(ctx context.Context, t testing.TB) machine {
	t.Helper()
	info, err := buildinfo.ReadFile(p.path)
	if err != nil {
		t.Fatalf("reading how evtctl was built: %v", err)
	}
	m := machine{
		Go: info.GoVersion, Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), CPU: cpuModel(),
		Kafka: p.java["kafka"], JVM: strings.TrimSpace(p.java["java.vm.name"] + " " + p.java["java.vm.version"]),
	}
	if m.Revision = revision(info); m.Revision == "" {
		// Built with -buildvcs=false: then the checkout here is the likeliest.
		out, _ := exec.CommandContext(ctx, "git", "describe", "--always", "--abbrev=12", "--dirty").Output()
		m.Revision = strings.TrimSpace(string(out))
	}
	return m
}

// revision is what the Go command has noted in a program.
func revision(info *buildinfo.BuildInfo) string {
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	revision := noted["vcs.revision"]
	revision = revision[:min(12, len(revision))]
	if revision != "" && noted["vcs.modified"] == "true" {
		revision += "-dirty"
	}
	return revision
}

// cpuModel is the processor's name where Linux tells it.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
