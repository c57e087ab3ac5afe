package cluster

import (
	"bytes"
	"fmt"
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
	want := configFile{Current: c.Current, Contexts: c.contexts}
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
	file, err := parser.ParseBytes(c.source, 0)
	if err != nil || len(file.Docs) != 1 {
		return nil, false
	}
	root, ok := file.Docs[0].Body.(ast.MapNode)
	if !ok {
		return nil, false
	}
	lines := strings.Split(strings.TrimRight(string(c.source), "\n"), "\n")
	insertAt, indent, current, known := scanConfig(root, len(lines))
	added, err := c.addedLines(want, known, indent)
	if err != nil || (len(added) > 0 && insertAt < 0) {
		return nil, false
	}
	switch {
	case len(added) == 0:
	case indent == "":
		return nil, false
	default:
		lines = slices.Insert(lines, trailingBlanks(lines, insertAt), added...)
	}
	line := "current: " + quoteYAML(want.Current)
	switch {
	case current == nil && want.Current != "":
		lines = slices.Insert(lines, 0, line)
	case current != nil && current.GetToken().Value != want.Current:
		if insertAt >= 0 && current.GetToken().Position.Line > insertAt {
			return nil, false // the insertion above has moved it
		}
		n := current.GetToken().Position.Line - 1
		lines[n] = line + lineComment(lines[n])
	}
	return []byte(strings.Join(lines, "\n") + "\n"), true
}

// scanConfig finds, in the file's lines, where the block of contexts ends (-1:
// nowhere), how it is indented, the current context's name and the names there are.
func scanConfig(root ast.MapNode, lines int) (end int, indent string, current ast.Node, known map[string]bool) {
	end, known = -1, map[string]bool{}
	inContexts := false
	for entries := root.MapRange(); entries.Next(); {
		key := entries.Key().GetToken()
		if inContexts { // the next key ends the block
			end, inContexts = key.Position.Line-1, false
		}
		switch key.Value {
		case "current":
			current = entries.Value()
		case "contexts":
			block, ok := entries.Value().(*ast.MappingNode)
			if !ok || block.IsFlowStyle {
				continue
			}
			end, inContexts = lines, true
			for contexts := block.MapRange(); contexts.Next(); {
				name := contexts.Key().GetToken()
				known[name.Value] = true
				indent = strings.Repeat(" ", name.Position.Column-1)
			}
		}
	}
	return end, indent, current, known
}

// addedLines are the contexts of want that aren't known, as indented lines.
func (c *Config) addedLines(want configFile, known map[string]bool, indent string) ([]string, error) {
	var lines []string
	for _, name := range c.Names() {
		if known[name] {
			continue
		}
		text, err := marshalYAML(map[string]*Context{name: want.Contexts[name]})
		if err != nil {
			return nil, err
		}
		for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
			lines = append(lines, indent+line)
		}
	}
	return lines, nil
}

// trailingBlanks moves at before the blank lines and unindented comments above
// it: they belong to what follows.
func trailingBlanks(lines []string, at int) int {
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

func quoteYAML(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil {
		return s
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
