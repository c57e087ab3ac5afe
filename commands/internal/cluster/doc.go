// Package cluster answers one question for every command: which Kafka cluster
// is meant, how is it reached, and, when it isn't, why not.
//
// [Resolve] turns what was asked into [Settings]. Each setting is taken from
// the first place that has it:
//
//  1. its own flag (--brokers, --registry, --timeout, --context, --config)
//  2. -X key=value, then --command-config FILE (Apache's client properties)
//  3. the environment: EVTCTL_BROKERS, EVTCTL_REGISTRY, EVTCTL_CONTEXT, EVTCTL_CONFIG
//  4. the context: its own keys, over which its "properties" win
//  5. the default: localhost:9092, http://localhost:8081, no TLS, no SASL
//
// Sources merge setting by setting, and a production context stays one whatever
// else is given. A login goes only where it belongs: brokers given by a flag or the
// environment are another cluster than that of the current context, which then
// isn't used at all. Named by --context or EVTCTL_CONTEXT it is, for those brokers
// too. The same holds for a registry.
//
// [Settings.Open] gives a client that has answered once, or a [*ConnectError]
// that names the broker, the [Cause] in words and a next step.
// [Settings.Explain] does the same for the errors of later requests.
//
// [Config] is the contexts file. It never holds a secret, only where one is:
// a [Secret]. Values of secrets appear in no error and no String method.
//
// The package prints nothing, reads no flags, and ends no process.
package cluster
