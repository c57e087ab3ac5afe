package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/evtctl/evtctl/schema/registry"
	"github.com/evtctl/evtctl/schema/wire"
	"github.com/google/uuid"
)

// ByID finds registered schemas by what is in front of data. A *registry.Client fits.
type ByID interface {
	ByID(ctx context.Context, id int, subject string) (*registry.Schema, error)
	ByGUID(ctx context.Context, guid string) (*registry.Schema, error)
	GlobalCompatibility(ctx context.Context) (registry.Compatibility, error)
	Resolver
}

// WireSource gives a [wire.Codec] the schemas of a registry, with all that they refer
// to. Ids count within a context: the subject is one in the context that they belong
// to, as in ":.staging:orders-value", and empty for the default one. GUIDs count
// everywhere.
//
// An id that the registry doesn't know is registry.ErrSchemaNotFound, and so is a
// GUID in a registry that has none. Nothing is remembered here: the codec does that.
func WireSource(r ByID, subject string) wire.Source { return wireSource{r, subject} }

type wireSource struct {
	r       ByID
	subject string
}

// wireFormats are the formats of registries' types.
var wireFormats = map[string]wire.Format{registry.Avro: wire.Avro, registry.JSON: wire.JSON, registry.Protobuf: wire.Protobuf}

func (s wireSource) Schema(ctx context.Context, id wire.ID) (*wire.Schema, error) {
	found, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	schema := &wire.Schema{Format: wireFormats[found.Type], Text: found.Schema}
	if len(found.References) == 0 {
		return schema, nil
	}
	within := found.Subject // that of one found by its GUID may be in another context
	if within == "" {
		within = s.subject
	}
	refs, err := s.r.Resolve(ctx, within, found.References)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		schema.References = append(schema.References, wire.Reference{Name: ref.Name, Text: ref.Schema.Schema})
	}
	return schema, nil
}

func (s wireSource) find(ctx context.Context, id wire.ID) (*registry.Schema, error) {
	if id.GUID == uuid.Nil {
		return s.r.ByID(ctx, int(id.Number), s.subject)
	}
	found, err := s.r.ByGUID(ctx, id.GUID.String())
	if errors.Is(err, registry.ErrNoRegistry) {
		// It may be a registry that doesn't know the path.
		if _, alive := s.r.GlobalCompatibility(ctx); alive == nil {
			return nil, fmt.Errorf("%w: the registry doesn't find schemas by their GUIDs", registry.ErrSchemaNotFound)
		}
	}
	return found, err
}
