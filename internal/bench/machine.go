package main

import (
	"debug/buildinfo"
	"os"
	"runtime"
	"strings"
	"testing"
)

// machine is what ran on what.
type machine struct {
	Revision string `json:"evtctl_revision"` // empty when it was built outside of a checkout
	Modified bool   `json:"evtctl_modified"` // the checkout had changes that are in no revision
	Go       string `json:"go"`              // that evtctl was built with
	Platform string `json:"platform"`
	Cores    int    `json:"cores"`
	CPU      string `json:"cpu"` // empty when the system doesn't say
	Kafka    string `json:"kafka"`
	JVM      string `json:"jvm"`
}

func (p *programs) machine(t testing.TB) machine {
	t.Helper()
	info, err := buildinfo.ReadFile(p.path)
	if err != nil {
		t.Fatalf("reading how evtctl was built: %v", err)
	}
	m := machine{
		Go: info.GoVersion, Platform: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), CPU: cpuModel(),
		Kafka: p.java["kafka"], JVM: p.java["java.vm.name"] + " " + p.java["java.vm.version"],
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			m.Revision = s.Value
		case "vcs.modified":
			m.Modified = s.Value == "true"
		}
	}
	return m
}

func (m machine) String() string {
	text := "evtctl"
	if m.Revision != "" {
		text += " " + m.Revision[:min(12, len(m.Revision))]
	}
	if m.Modified {
		text += " with changes"
	}
	return text + ", " + m.Go + ", " + m.Platform
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
