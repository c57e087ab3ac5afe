package main

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// programs are those that are run, and what they need to run.
type programs struct {
	path           string // of evtctl
	measure, bare  string
	home           string // an empty folder
	brokers        string
	java           []string // as Kafka's script starts its tools
	kafka, machine string   // versions
}
