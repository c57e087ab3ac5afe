package kafkatest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// CPU is how long processors have worked for the cluster's nodes, of all cores
// together; 0 where the system doesn't tell, or the cluster runs elsewhere. It counts
// in hundredths of a second. Where client and brokers share the cores, what a client
// makes a broker do is as much its cost as what it does itself.
func (c *Cluster) CPU() time.Duration {
	parents, took := map[int]int{}, map[int]time.Duration{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is a good one
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if line, err := os.ReadFile(path); err == nil { // it may have ended
			parents[pid], took[pid] = processStat(line)
		}
	}
	var all time.Duration
	for _, n := range c.nodes {
		if n.proc == nil || n.proc.cmd.Process == nil {
			continue
		}
		for pid := range parents {
			if descends(pid, n.proc.cmd.Process.Pid, parents) {
				all += took[pid]
			}
		}
	}
	return all
}

// processStat reads a line of proc(5): the parent, and user and system time. The
// program's name, in brackets, may have brackets itself.
func processStat(line []byte) (parent int, took time.Duration) {
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 13 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	for _, f := range fields[11:13] {
		n, _ := strconv.Atoi(string(f))
		took += time.Duration(n) * 10 * time.Millisecond
	}
	return parent, took
}

func descends(pid, from int, parents map[int]int) bool {
	for range len(parents) {
		if pid == from {
			return true
		}
		if pid = parents[pid]; pid == 0 {
			break
		}
	}
	return false
}
