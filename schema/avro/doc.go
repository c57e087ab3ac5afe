// Package avro answers whether readers with one Avro schema can read what was
// written with another, and what all the reasons are if they can't.
//
// [Parse] reads a schema as leniently as Apache Avro for Java and the registries
// do, and remembers where everything is written. [Check] compares a reader's
// [Schema] with a writer's and returns every [Problem]; its answers are those of
// SchemaCompatibility in Apache Avro for Java 1.12.1, which the tests run beside
// it. [Diff] tells what changed from one schema to the next, compatible or not.
//
// What a compatibility mode demands (which versions, in which direction) and what
// a problem means to somebody who deploys is left to the caller.
//
// The package reads no data and asks no registry.
package avro
