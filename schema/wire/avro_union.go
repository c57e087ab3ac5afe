package wire

import (
	"encoding/json"
	"strings"
)

func (r *avroJSON) union(t *avroType, v any) (any, error) {
	branch, inner := t.branchFor(v)
	if branch == nil {
		return nil, r.faultf("%s fits no branch of the union of %s", jsonWords(v), t.branchWords())
	}
	converted, err := r.value(branch, inner)
	if err != nil || branch.kind == "null" {
		return nil, err
	}
	return map[string]any{branch.branchKey(): converted}, nil
}

// branchFor finds the branch that JSON is a value of, and the value without its tag.
func (t *avroType) branchFor(v any) (*avroType, any) {
	var others []*avroType
	for _, b := range t.branches {
		if b.kind != "null" {
			others = append(others, b)
		} else if v == nil {
			return b, nil
		}
	}
	if t.tagged {
		object, _ := v.(map[string]any)
		for _, b := range others {
			if inner, ok := object[b.tag()]; ok && len(object) == 1 {
				return b, inner
			}
		}
		return nil, nil
	}
	for _, b := range others {
		if len(others) == 1 || b.shape()&shapeOf(v) != 0 {
			return b, v
		}
	}
	return nil, nil
}

// branchWords lists the branches as their tags must be written, where there are any.
func (t *avroType) branchWords() string {
	var tags []string
	for _, b := range t.branches {
		tags = append(tags, b.tag())
	}
	words := strings.Join(tags, ", ")
	if t.tagged {
		words += `, which is written {"` + tags[len(tags)-1] + `": …}`
	}
	return words
}

func shapeOf(v any) shape {
	switch v.(type) {
	case nil:
		return shapeNull
	case bool:
		return shapeBool
	case json.Number:
		return shapeNumber
	case string:
		return shapeString
	case []any:
		return shapeArray
	}
	return shapeObject
}
