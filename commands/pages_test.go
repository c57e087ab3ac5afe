package commands

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evtctl/evtctl/commands/internal/render"
	"github.com/spf13/cobra"
)

// TestCommandsInPagesAreThere holds each evtctl command that the pages for readers
// name, in a block or within a sentence, to the tree of commands and their flags.
func TestCommandsInPagesAreThere(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md", "../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := namedCommands(string(text))
		if len(named) == 0 {
			t.Errorf("%s names no command", page)
		}
		for _, command := range named {
			if err := understood(command); err != nil {
				t.Errorf("%s: %q: %v", page, command, err)
			}
		}
	}
}

func TestACommandThatIsNotThereIsFound(t *testing.T) {
	for command, there := range map[string]bool{
		"evtctl lag": true, "evtctl schema check schemas --against git:main": true, "evtctl schema": true,
		"evtctl lagg": false, "evtctl schema chekc": false, "evtctl lag --grup g": false, "evtctl lag orders": false,
		"evtctl lag --timeout soon": false,
	} {
		if err := understood(command); (err == nil) != there {
			t.Errorf("%s: %v", command, err)
		}
	}
}

var (
	fencedLines = regexp.MustCompile("(?ms)^```[^\\n]*\\n(.*?)^```$")
	inlineCode  = regexp.MustCompile("`([^`\\n]*)`")
	command     = regexp.MustCompile(`^(?:\$ )?(?:.*\()?(?:bin/)?(evtctl [a-z][^#|>)]*)`)
)

// namedCommands are the commands of a page, without comments and what they are piped
// into.
func namedCommands(page string) (list []string) {
	add := func(text string) {
		if found := command.FindStringSubmatch(text); found != nil {
			list = append(list, strings.TrimSpace(found[1]))
		}
	}
	for _, block := range fencedLines.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			add(line)
		}
	}
	for _, code := range inlineCode.FindAllStringSubmatch(fencedLines.ReplaceAllString(page, ""), -1) {
		add(code[1])
	}
	return list
}

// understood parses a command as the program does, and doesn't run it. What is left out
// of a sentence, such as a file, isn't missed.
func understood(text string) error {
	asked := false
	root := newRootCmd(&Env{Streams: &render.Streams{}, Getenv: func(string) string { return "" }}, &asked)
	root.InitDefaultCompletionCmd()
	cmd, args, err := root.Find(strings.Fields(strings.ReplaceAll(text, "…", ""))[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	if rest := cmd.Flags().Args(); len(rest) > 0 {
		return cmd.ValidateArgs(rest)
	}
	return nil
}

// A form of output that only one command has is in that command's help: -o itself lists
// those that all have.
func TestOwnFormsAreInTheHelp(t *testing.T) {
	asked, found := false, 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, form := range strings.FieldsFunc(cmd.Annotations[ownForms], func(r rune) bool { return r == ',' }) {
			found++
			if !regexp.MustCompile(`\b` + form + `\b`).MatchString(cmd.Long + cmd.Example) {
				t.Errorf("the help of %q doesn't name the form %s", cmd.CommandPath(), form)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(newRootCmd(&Env{Streams: &render.Streams{}, Getenv: func(string) string { return "" }}, &asked))
	if found < 2 {
		t.Errorf("%d commands have forms of their own", found)
	}
}
