package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/schema"
	"github.com/rogpeppe/go-internal/txtar"
)

// block is a fenced block of a page: its kind is what follows the fence.
type block struct{ kind, text string }

var fence = regexp.MustCompile("(?ms)^```([^\\n]*)\\n(.*?)^```$")

func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	for _, found := range fence.FindAllStringSubmatch(string(text), -1) {
		list = append(list, block{found[1], found[2]})
	}
	return list
}

// TestThePageSaysWhatTranscriptsShow finds each command of a console block, and what
// it prints, in a transcript, which is run.
func TestThePageSaysWhatTranscriptsShow(t *testing.T) {
	shown := 0
	for _, b := range blocks(t, "docs/schema-checks.md") {
		if b.kind != "console" {
			continue
		}
		for _, one := range strings.Split(b.text, "$ ")[1:] {
			command, output, _ := strings.Cut(one, "\n")
			shown++
			if !slices.ContainsFunc(pages(t), func(page string) bool { return shows(t, page, command, output) }) {
				t.Errorf("no transcript has %q with this output:\n%s", command, output)
			}
		}
	}
	if shown == 0 {
		t.Error("the page shows no command")
	}
}

// shows tells whether a transcript runs a command and holds it to this output, as a
// whole file or line by line.
func shows(t *testing.T, page, command, output string) bool {
	t.Helper()
	archive, err := txtar.ParseFile(page)
	if err != nil {
		t.Fatal(err)
	}
	script := string(archive.Comment)
	_, after, ran := strings.Cut(script, command+"\n")
	if !ran {
		return false
	}
	for _, f := range archive.Files {
		if string(f.Data) == output && strings.Contains(after, f.Name) {
			return true
		}
	}
	for line := range strings.Lines(output) {
		if !strings.Contains(after, "'"+strings.TrimSpace(line)+"'") {
			return false
		}
	}
	return true
}

func TestThePagesFilesAreReadAsTheyStand(t *testing.T) {
	read := map[string]int{}
	for _, b := range blocks(t, "docs/schema-checks.md") {
		path := filepath.Join(t.TempDir(), "file.yaml")
		if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		switch b.kind {
		case "yaml mapping":
			_, err = schema.ReadMapping(path)
		case "yaml allow":
			_, err = schema.ReadAllowList(path)
		default:
			continue
		}
		read[b.kind]++
		if err != nil {
			t.Errorf("%s: %v", b.kind, err)
		}
	}
	if len(read) != 2 {
		t.Errorf("the page has only %v", read)
	}
}
