package cluster

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// configFile is the contexts file's shape.
type configFile struct {
	Current  string              `yaml:"current,omitempty"`
	Contexts map[string]*Context `yaml:"contexts,omitempty"`
	Dialects []Dialect           `yaml:"dialects,omitempty"`
	Health   Health              `yaml:"health,omitempty"`
}

// parseConfig reads data strictly. The tree is checked before it is decoded:
// the decoder's own errors name Go types, and quote the source, which may hold
// a secret in the wrong place.
func parseConfig(path string, data []byte) (configFile, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return configFile{}, yamlError(path, err)
	}
	if len(file.Docs) > 1 {
		return configFile{}, usagef("keep one document, without \"---\" lines", "%s: has %d documents", path, len(file.Docs))
	}
	c := configChecker{path}
	for _, doc := range file.Docs {
		if err := c.check(doc.Body, reflect.TypeFor[configFile](), ""); err != nil {
			return configFile{}, err
		}
	}
	var content configFile
	if err := yaml.UnmarshalWithOptions(data, &content, yaml.Strict()); err != nil {
		return configFile{}, yamlError(path, err)
	}
	for name, context := range content.Contexts {
		if context == nil {
			content.Contexts[name] = &Context{}
		}
	}
	if len(file.Docs) == 1 {
		placeDialects(path, file.Docs[0].Body, content.Dialects)
	}
	return content, nil
}

// configChecker compares a tree with the Go types it will be decoded into.
type configChecker struct{ path string }

var secretType = reflect.TypeFor[Secret]()

// check reports the first node that doesn't fit t. at is the node's place, such
// as "contexts.prod.sasl".
func (c configChecker) check(node ast.Node, t reflect.Type, at string) error {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		node = anchor.Value
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch node.(type) {
	case nil, *ast.NullNode, *ast.AliasNode, *ast.CommentGroupNode:
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.checkStruct(node, t, at)
	case reflect.Map:
		return c.checkEntries(node, at, func(key string) (reflect.Type, error) { return t.Elem(), nil })
	case reflect.Slice:
		return c.checkList(node, t.Elem(), at)
	case reflect.Bool:
		if node.Type() != ast.BoolType {
			return c.wrong(node, at, "true or false")
		}
	case reflect.String:
		if _, scalar := node.(ast.ScalarNode); !scalar {
			return c.wrong(node, at, "text; put it in quotes")
		}
	}
	return nil
}

func (c configChecker) checkList(node ast.Node, element reflect.Type, at string) error {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		want := "a list"
		if element.Kind() == reflect.String {
			want = "a list, such as [kafka-1:9092, kafka-2:9092]"
		}
		return c.wrong(node, at, want)
	}
	for i, value := range list.Values {
		if err := c.check(value, element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (c configChecker) checkStruct(node ast.Node, t reflect.Type, at string) error {
	if _, scalar := node.(ast.ScalarNode); scalar && t == secretType {
		return usagef("say where it is: {env: NAME}, {file: PATH} or {command: \"...\"}",
			"%s: %s is written out; this file never holds a secret itself", c.place(node), at)
	}
	fields := map[string]reflect.Type{}
	var keys []string
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "-" {
			continue
		}
		fields[key] = field.Type
		keys = append(keys, key)
	}
	count := 0
	err := c.checkEntries(node, at, func(key string) (reflect.Type, error) {
		count++
		if field, known := fields[key]; known {
			return field, nil
		}
		return nil, errors.New(suggest(key, keys))
	})
	if err == nil && t == secretType && count != 1 {
		return usagef("", "%s: %s: give exactly one of env, file and command", c.place(node), at)
	}
	return err
}

// checkEntries checks the values of a mapping. typeOf gives the type of a key's
// value, or an error that is a hint.
func (c configChecker) checkEntries(node ast.Node, at string, typeOf func(key string) (reflect.Type, error)) error {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return c.wrong(node, at, "keys and values")
	}
	for entries := mapping.MapRange(); entries.Next(); {
		if entries.Key().IsMergeKey() {
			continue
		}
		key := entries.Key().GetToken().Value
		place := strings.TrimPrefix(at+"."+key, ".")
		t, err := typeOf(key)
		if err != nil {
			return usagef(err.Error(), "%s: unknown key %q", c.place(entries.Key()), place)
		}
		if err := c.check(entries.Value(), t, place); err != nil {
			return err
		}
	}
	return nil
}

func (c configChecker) wrong(node ast.Node, at, want string) error {
	if at == "" {
		at = "the file"
	}
	return usagef("", "%s: %s has to be %s", c.place(node), at, want)
}

func (c configChecker) place(node ast.Node) string { return place(c.path, node.GetToken()) }

func place(path string, t *token.Token) string {
	if t == nil || t.Position == nil {
		return path
	}
	return fmt.Sprintf("%s:%d:%d", path, t.Position.Line, t.Position.Column)
}

func yamlError(path string, err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return usagef("", "%s: %w", path, err)
	}
	return usagef("", "%s: %s", place(path, syntax.GetToken()), syntax.GetMessage())
}

// suggest is a hint for an unknown word: the nearest known one, else all.
func suggest(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known are: " + strings.Join(known, ", ")
}

// nearest is the known word that word was probably meant to be, or "". A third
// of the letters may be wrong, and two of them in short words, for they are
// often only transposed.
func nearest(word string, known []string) string {
	best, distance := "", max(len(word)/3, min(len(word)/2, 2))+1
	for _, candidate := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(candidate)); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}
