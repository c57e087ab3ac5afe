package avro

import (
	"fmt"
	"slices"
)

// Detail says in a sentence what is wrong with the pair of schemas, lower case
// and without a full stop. Who is meant by reader and writer, which versions they
// have and what to do about it is for the caller to say.
func (p Problem) Detail() string {
	where := "the schema"
	if p.Field != "" {
		where = fmt.Sprintf("field %q", p.Field)
	}
	switch p.Rule {
	case NameMismatch:
		return p.nameDetail(where)
	case FixedSizeMismatch:
		return fmt.Sprintf("%s: fixed %s has %d bytes for the reader and %d for the writer",
			where, p.Reader.Name, p.Reader.Size, p.Writer.Size)
	case MissingEnumSymbols:
		return fmt.Sprintf("%s: the reader's enum %s has neither %s, which the writer may write, nor a default for symbols it doesn't know",
			where, p.Reader.Name, symbolWords(p.Symbols))
	case ReaderFieldMissingDefaultValue:
		return fmt.Sprintf("%s (%s) has no default, and the writer's record %s has no such field",
			where, p.Reader.Text, p.Writer.Name)
	case MissingUnionBranch:
		return p.branchDetail(where)
	case AmbiguousAlias:
		return p.ambiguousDetail(where)
	}
	if p.enumDefaultOnly {
		return fmt.Sprintf("%s (%s) is not in the writer's record %s and has no default of its own; its enum's default is only for unknown symbols",
			where, p.Reader.Text, p.Writer.Name)
	}
	return fmt.Sprintf("%s: the reader has %s, the writer %s, and the one can't be read as the other",
		where, p.Reader.Text, p.Writer.Text)
}

func (p Problem) nameDetail(where string) string {
	text := fmt.Sprintf("%s: the reader's %s is called %s and has no alias for the writer's, %s",
		where, p.Reader.Kind, p.Reader.Name, p.Writer.Name)
	if p.uselessAlias {
		text += "; an alias without a namespace has no effect on a type that has one"
	}
	return text
}

func (p Problem) branchDetail(where string) string {
	text := fmt.Sprintf("%s: the reader's %s has no branch for the writer's %s", where, p.Reader.Text, p.Writer.Text)
	switch n := len(p.Causes); n {
	case 0:
		return text
	case 1:
		return text + "; the nearest doesn't fit: " + p.Causes[0].Detail()
	default:
		return fmt.Sprintf("%s; the nearest doesn't fit: %s (and %d more)", text, p.Causes[0].Detail(), n-1)
	}
}

func (p Problem) ambiguousDetail(where string) string {
	names := slices.Compact(slices.Clone(p.WriterFields))
	if len(names) == 1 {
		return fmt.Sprintf("%s has its own name among its aliases, or an alias twice, which Avro refuses", where)
	}
	return fmt.Sprintf("%s matches several fields of the writer's record %s by its name and aliases: %s",
		where, p.Writer.Name, list(quoted(names), "and"))
}

// symbolWords names the first few symbols.
func symbolWords(symbols []string) string {
	const most = 10
	if len(symbols) > most {
		return fmt.Sprintf("%s nor %d more", list(symbols[:most], "nor"), len(symbols)-most)
	}
	return list(symbols, "nor")
}
