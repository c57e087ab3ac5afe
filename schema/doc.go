// Package schema answers whether a change of a schema is safe for those who read
// and write a topic, and what to do where it isn't.
//
// [Load] finds [Candidate] schemas in files and folders and names their subjects.
// [Check] compares each with the versions that a compatibility [Mode] demands,
// which a [Baseline] has: a registry, files, a folder of versions or a git
// revision. The [Report] has every [Problem] with what breaks for whom and a way
// out, and which side to deploy first. [PlanBreak] is for a change that has to
// break: four ways to do it. [Diff] tells what changed, in words.
//
// For Avro the local answer is the truth: it is that of Apache Avro for Java. For
// JSON Schema and Protobuf the registries disagree, so that the registry's own
// verdict decides where there is one, and the local answer is advice by the rules
// that it names.
//
// What could not be checked is never compatible. Such a [Result] has an Error, and
// [Report.Outcome] tells it from one that is incompatible.
//
// The package writes nothing and registers nothing. Languages are in the packages
// below it, one each, and listed in [Languages].
package schema
