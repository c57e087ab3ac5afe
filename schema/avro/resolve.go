package avro

import (
	"maps"
	"slices"
	"strings"
)

// finish resolves what a file referred to before it was defined, and checks what
// can only be checked then.
func (p *parser) finish() error {
	for _, u := range p.pending {
		if u.is = p.known[u.wants]; u.is == nil {
			return p.refuseUnknown(u)
		}
	}
	for _, union := range p.unions {
		seen := make(map[string]bool, len(union.branches))
		for _, branch := range union.branches {
			key := branch.is.unionKey()
			if seen[key] {
				return branch.at.refuse("the union has %s twice", key)
			}
			seen[key] = true
		}
	}
	p.checkDefaults()
	return nil
}

// meant are the words that people write who mean a type of Avro's.
var meant = map[string]string{
	"integer": "int", "int32": "int", "short": "int", "byte": "int", "number": "double",
	"int64": "long", "bigint": "long", "float32": "float", "float64": "double", "real": "double",
	"bool": "boolean", "text": "string", "char": "string", "varchar": "string", "binary": "bytes", "none": "null",
	"date": `{"type": "int", "logicalType": "date"}`, "uuid": `{"type": "string", "logicalType": "uuid"}`,
	"timestamp": `{"type": "long", "logicalType": "timestamp-millis"}`,
	"datetime":  `{"type": "long", "logicalType": "timestamp-millis"}`,
	"decimal":   `{"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}`,
}

func (p *parser) refuseUnknown(u *use) error {
	refusal := u.at.refuse("unknown type %q", u.wants)
	refusal.unknown = true
	text := u.at.text
	if u.at.kind != '"' {
		text, _ = u.at.getText("type")
	}
	short := newName(text, "").short
	switch word := strings.ToLower(text); word {
	case "record", "enum", "array", "map", "fixed", "error", "union":
		return refusal.hinted(`nest it: "type": {"type": "` + word + `", …}; a union is an array of types`)
	default:
		if correct := meant[word]; correct != "" {
			return refusal.hinted("did you mean " + correct + "?")
		}
		if _, ok := primitives[word]; ok {
			return refusal.hinted("did you mean " + word + "?")
		}
	}
	for _, full := range slices.Sorted(maps.Keys(p.known)) {
		if strings.EqualFold(p.known[full].name.short, short) {
			return refusal.hinted("did you mean " + full + "?")
		}
	}
	return refusal.hinted("define it in this file, or name the file or subject that does as a reference")
}
