package cluster

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Save writes the file back with mode 0600, whole or not at all, creating its
// folder when needed. A symbolic link stays one.
//
// Comments, order and layout are kept: new contexts are appended and the
// current one is named in place, and the result is read again to prove that it
// means the same. Where it doesn't, as with contexts in one-line {braces}, the
// file is written anew without comments. A file that somebody else changed since
// Load is a *UsageError.
func (c *Config) Save() error {
	if c.path == "" {
		return usagef("name a file with --config", "save contexts: %s", c.describePath())
	}
	target := c.path
	if resolved, err := filepath.EvalSymlinks(c.path); err == nil {
		target = resolved
	}
	if now, err := os.ReadFile(target); err == nil && !bytes.Equal(now, c.source) {
		return usagef("run the command again", "save contexts: %s was changed in the meantime", c.path)
	}
	text, err := c.render()
	if err != nil {
		return fmt.Errorf("save contexts: %s: %w", c.path, err)
	}
	if err := writeAtomically(target, text); err != nil {
		return fmt.Errorf("save contexts: %w", err)
	}
	c.source = text
	return nil
}

func (c *Config) render() ([]byte, error) {
	want := configFile{Current: c.Current, Contexts: c.contexts, Dialects: c.Dialects, Health: c.Health}
	if edited, ok := c.edit(want); ok {
		if got, err := parseConfig(c.path, edited); err == nil && reflect.DeepEqual(normalized(got), normalized(want)) {
			return edited, nil
		}
	}
	return marshalYAML(want)
}

// normalized drops the difference between absent and empty.
func normalized(c configFile) configFile {
	text, err := marshalYAML(c)
	if err != nil {
		return c
	}
	var out configFile
	if err := yaml.Unmarshal(text, &out); err != nil {
		return c
	}
	return out
}

func marshalYAML(v any) ([]byte, error) {
	return yaml.MarshalWithOptions(v, yaml.Indent(2), yaml.IndentSequence(true))
}

// edit puts what changed into the file's own lines.
func (c *Config) edit(want configFile) ([]byte, bool) {
	l, ok := layoutOf(c.source)
	if !ok {
		return nil, false
	}
	if l.current > 0 { // in place, before lines move
		line := l.lines[l.current-1]
		l.lines[l.current-1] = currentLine(want.Current) + lineComment(line)
	}
	added, err := addedLines(want, l)
	switch {
	case err != nil || len(added) > 0 && l.contexts && l.end == 0:
		return nil, false
	case len(added) > 0 && !l.contexts:
		l.lines = append(append(l.lines, "contexts:"), added...)
	default:
		l.lines = slices.Insert(l.lines, beforeBlanks(l.lines, l.end), added...)
	}
	if l.current == 0 && want.Current != "" {
		l.lines = slices.Insert(l.lines, 0, currentLine(want.Current))
	}
	return []byte(strings.Join(l.lines, "\n") + "\n"), true
}

// layout is where things stand in the file. Line numbers begin at 1.
type layout struct {
	lines    []string
	current  int  // the line that names the current context; 0: none
	contexts bool // whether there is such a key
	end      int  // the last line of the contexts' block; 0: they are no block
	indent   string
	known    map[string]bool
}

func layoutOf(source []byte) (layout, bool) {
	l := layout{indent: "  ", known: map[string]bool{}}
	if text := strings.TrimRight(string(source), "\n"); text != "" {
		l.lines = strings.Split(text, "\n")
	}
	file, err := parser.ParseBytes(source, 0)
	if err != nil || len(file.Docs) > 1 {
		return l, false
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return l, true // nothing but comments
	}
	root, ok := file.Docs[0].Body.(ast.MapNode)
	if !ok {
		return l, false
	}
	inContexts := false
	for entries := root.MapRange(); entries.Next(); {
		key := entries.Key().GetToken()
		if inContexts { // this key ends the block
			l.end, inContexts = key.Position.Line-1, false
		}
		switch key.Value {
		case "current":
			l.current = key.Position.Line
		case "contexts":
			l.contexts = true
			inContexts = l.scanContexts(entries.Value())
		}
	}
	return l, true
}

// scanContexts reports whether the contexts are a block that lines can be added to.
func (l *layout) scanContexts(value ast.Node) bool {
	block, ok := value.(*ast.MappingNode)
	if !ok || block.IsFlowStyle {
		return false
	}
	for contexts := block.MapRange(); contexts.Next(); {
		name := contexts.Key().GetToken()
		l.known[name.Value] = true
		l.indent = strings.Repeat(" ", name.Position.Column-1)
	}
	l.end = len(l.lines)
	return true
}

// addedLines are the contexts of want that the file doesn't have.
func addedLines(want configFile, l layout) ([]string, error) {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(want.Contexts)) {
		if l.known[name] {
			continue
		}
		text, err := marshalYAML(map[string]*Context{name: want.Contexts[name]})
		if err != nil {
			return nil, err
		}
		for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
			lines = append(lines, l.indent+line)
		}
	}
	return lines, nil
}

// beforeBlanks moves at before the blank lines and unindented comments above
// it: they belong to what follows.
func beforeBlanks(lines []string, at int) int {
	for at > 0 && (strings.TrimSpace(lines[at-1]) == "" || strings.HasPrefix(lines[at-1], "#")) {
		at--
	}
	return at
}

func lineComment(line string) string {
	if at := strings.Index(line, " #"); at >= 0 {
		return " " + strings.TrimLeft(line[at:], " ")
	}
	return ""
}

func currentLine(name string) string {
	text, err := marshalYAML(configFile{Current: name})
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\n")
}

// writeAtomically replaces path by a new private file with data in it.
func writeAtomically(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".config-*.yaml") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // after the rename there is nothing to remove
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
