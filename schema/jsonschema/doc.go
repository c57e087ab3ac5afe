// Package jsonschema answers whether readers with one JSON Schema accept what was
// written with another, by the rules of Confluent Schema Registry, and whether
// data satisfies a schema.
//
// [Parse] reads a schema with those it refers to; nothing is read from disk or
// network. [Check] compares a reader's [Schema] with a writer's and returns every
// [Problem]. [Schema.Validate] holds data against a schema.
//
// The registries disagree about JSON Schema; deciding it exactly is out of
// anybody's reach. The rules here are those that [RuleSource] names. They go by
// the content model: an object that doesn't forbid additional properties is open,
// and then a new optional property is incompatible, since older data may have that
// name with another type. What they don't look at is listed at [Check]. An answer
// is therefore advice: where a registry can be asked, its answer decides.
package jsonschema
