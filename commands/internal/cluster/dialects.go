package cluster

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Dialect is how the headers of somebody's own dead letters are read. What its words
// mean, and which there are, package dlq knows.
type Dialect struct {
	Name       string         `yaml:"name" json:"name"`
	Marks      []string       `yaml:"marks" json:"marks"` // headers that tell it from others
	AllMarks   bool           `yaml:"all_marks,omitempty" json:"all_marks,omitempty"`
	SourceTime bool           `yaml:"source_time,omitempty" json:"source_time,omitempty"` // letters carry their source's time stamp
	Fields     []DialectField `yaml:"fields" json:"fields"`

	// Place is where it is in the file: path:line:column.
	Place string `yaml:"-" json:"-"`
}

// DialectField is a header that is read.
type DialectField struct {
	Field    string `yaml:"field" json:"field"` // such as origin.topic
	Header   string `yaml:"header" json:"header"`
	Encoding string `yaml:"encoding" json:"encoding"`             // such as text or int32
	Pick     string `yaml:"pick,omitempty" json:"pick,omitempty"` // of several: first or last
}

// placeDialects notes where each of the file's dialects is.
func placeDialects(path string, body ast.Node, dialects []Dialect) {
	root, ok := body.(ast.MapNode)
	if !ok {
		return
	}
	for entries := root.MapRange(); entries.Next(); {
		list, ok := entries.Value().(*ast.SequenceNode)
		if entries.Key().GetToken().Value != "dialects" || !ok {
			continue
		}
		for i, node := range list.Values {
			if i < len(dialects) {
				dialects[i].Place = place(path, firstToken(node))
			}
		}
	}
}

// firstToken of a mapping is that of its first key; the mapping's own is the colon
// after it.
func firstToken(node ast.Node) *token.Token {
	if mapping, ok := node.(ast.MapNode); ok {
		if entries := mapping.MapRange(); entries.Next() {
			return entries.Key().GetToken()
		}
	}
	return node.GetToken()
}
