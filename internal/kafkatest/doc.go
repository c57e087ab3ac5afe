// Package kafkatest gives tests a Kafka to run against: an in-process fake that
// starts in milliseconds, and the real Apache Kafka 4.3.1.
//
// [Each] runs one test on both, which is what most behaviour tests want.
// [Fake] and [Real] give one of them; [RealNodes] a cluster whose nodes a test
// may stop, kill and start again; [Secured] a real broker with TLS, SASL and
// ACLs. All of them hand out a [Cluster], whose methods do the set-up every
// test needs and end the test when it can't be done.
//
// [Apicurio] and [SecuredApicurio] give a real schema registry, Apicurio Registry
// 3.3.3, [Postgres] and [OwnPostgres] a real PostgreSQL 18.1, and [Jars] the jars of
// any other Java library to compare with.
//
// The real broker needs nothing prepared: its jars are resolved once with Maven
// into the user's cache folder, and a JDK 17 or newer (21 for Apicurio) runs them.
// Where those are missing, Docker serves. Where that is missing too, the test is
// skipped with a message that begins with [LeftOut], or fails when
// EVTCTL_REQUIRE_REAL=1. EVTCTL_SKIP_REAL=1 leaves those tests out at once.
// EVTCTL_TEST_BROKERS (host:port, comma separated) makes [Real] use a cluster of
// the user's own; every name made here is unique, so nothing there is touched.
//
// Whatever is started ends with the test process, even one that is killed with
// -9, and its files go with it: see [Process].
//
// Only tests and benchmarks may import this package.
package kafkatest
