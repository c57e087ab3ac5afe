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
	for _, b := range slices.Concat(blocks(t, "docs/schema-checks.md"), blocks(t, "docs/on-call.md"), blocks(t, "README.md")) {
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

// shows tells whether a transcript runs a command and holds it to this output.
func shows(t *testing.T, page, command, output string) bool {
	t.Helper()
	archive, err := txtar.ParseFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range strings.Split(string(archive.Comment), " "+command+"\n")[1:] {
		script, _, _ := strings.Cut(after, "\n\n") // to the end of the paragraph
		if holds(script, archive.Files, output) {
			return true
		}
	}
	return false
}

// holds tells whether a part of a transcript compares output with this, as a whole file
// or line by line. An output that ends with "…" is a file's beginning.
func holds(script string, files []txtar.File, output string) bool {
	beginning, cut := strings.CutSuffix(output, "…\n")
	for _, f := range files {
		same := string(f.Data) == output || cut && strings.HasPrefix(string(f.Data), beginning)
		if same && strings.Contains(script, f.Name) {
			return true
		}
	}
	for line := range strings.Lines(output) {
		if !slices.ContainsFunc(patterns(script), func(p *regexp.Regexp) bool { return p.MatchString(strings.TrimSpace(line)) }) {
			return false
		}
	}
	return output != ""
}

var pattern = regexp.MustCompile(`(?m)^std(?:out|err) '(.*)'$`)

// patterns are what a transcript holds output to.
func patterns(script string) (list []*regexp.Regexp) {
	for _, found := range pattern.FindAllStringSubmatch(script, -1) {
		list = append(list, regexp.MustCompile(strings.ReplaceAll(found[1], "''", "'")))
	}
	return list
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
