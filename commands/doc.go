// Package commands is evtctl's command line: one file per command, each parsing
// what it was asked into an options struct and handing it to a function that asks a
// library, shows the answer and judges it.
//
// [Main] runs the program. [Env] is what every command is given: streams, clock,
// environment and the flags they share. [Exit] turns an error into message, hint
// and exit code; no other place decides on those.
//
// The package is the only importer of Cobra. It holds no knowledge of Kafka: that
// is in lag, dlq, replay and schema.
package commands
