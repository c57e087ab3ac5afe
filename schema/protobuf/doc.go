// Package protobuf answers whether readers with one Protobuf schema can read what
// was written with another, by the rules of Confluent Schema Registry.
//
// [Parse] compiles a .proto text with the files that it imports; nothing is read
// from disk or network. [Check] compares a reader's [Schema] with a writer's and
// returns every [Problem].
//
// The registries disagree about Protobuf. The rules here are those that
// [RuleSource] names, applied to the compiled files instead of their text. They
// are about the wire: numbers and wire types decide, names of fields do not. So
// they call some changes compatible that a person may not like, such as a removed
// field or a new meaning of an enum's number, and refuse some that do no harm on
// the wire, such as a new package. An answer is therefore advice: where a registry
// can be asked, its answer decides.
//
// Options, services, reserved ranges, default values, extensions and the order of
// definitions are not compared.
package protobuf
