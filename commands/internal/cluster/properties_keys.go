package cluster

import (
	"maps"
	"slices"
	"strings"
)

// Java client properties that mean something here. The names are those of
// ConsumerConfig, ProducerConfig and AdminClientConfig of Apache Kafka 4.3, and
// of Confluent's registry client for the last group.
const (
	keyBrokers            = "bootstrap.servers"
	keyClientID           = "client.id"
	keyRequestTimeout     = "request.timeout.ms"
	keyProtocol           = "security.protocol"
	keyMechanism          = "sasl.mechanism"
	keyJAAS               = "sasl.jaas.config"
	keyTokenEndpoint      = "sasl.oauthbearer.token.endpoint.url"
	keyOAuthClientID      = "sasl.oauthbearer.client.credentials.client.id"
	keyOAuthClientSecret  = "sasl.oauthbearer.client.credentials.client.secret"
	keyOAuthScope         = "sasl.oauthbearer.scope"
	keyTruststore         = "ssl.truststore.location"
	keyTruststorePassword = "ssl.truststore.password"
	keyTruststoreType     = "ssl.truststore.type"
	keyTruststoreInline   = "ssl.truststore.certificates"
	keyKeystore           = "ssl.keystore.location"
	keyKeystorePassword   = "ssl.keystore.password"
	keyKeystoreType       = "ssl.keystore.type"
	keyKeystoreChain      = "ssl.keystore.certificate.chain"
	keyKeystoreKey        = "ssl.keystore.key"
	keyKeyPassword        = "ssl.key.password"
	keyHostnameCheck      = "ssl.endpoint.identification.algorithm"
	keyTLSVersions        = "ssl.enabled.protocols"
	keyRegistry           = "schema.registry.url"
	keyBasicAuthSource    = "basic.auth.credentials.source"
	keyBasicAuth          = "basic.auth.user.info"
	keyBearerSource       = "bearer.auth.credentials.source"
	keyBearerToken        = "bearer.auth.token"
	keyLoginHandler       = "sasl.login.callback.handler.class"
)

var usedProperties = []string{
	keyBrokers, keyClientID, keyRequestTimeout, keyProtocol, keyMechanism, keyJAAS,
	keyTokenEndpoint, keyOAuthClientID, keyOAuthClientSecret, keyOAuthScope,
	keyTruststore, keyTruststorePassword, keyTruststoreType, keyTruststoreInline,
	keyKeystore, keyKeystorePassword, keyKeystoreType, keyKeystoreChain, keyKeystoreKey,
	keyKeyPassword, keyHostnameCheck, keyTLSVersions, keyRegistry, keyBasicAuthSource,
	keyBasicAuth, keyBearerSource, keyBearerToken, keyLoginHandler,
}

// ignoredProperties are accepted, so that a file written for Apache's tools can
// be used as it is, and have no meaning here: they tune consumers, producers,
// Java's own TLS and metrics. Nothing in the list weakens a connection when it
// is ignored.
var ignoredProperties = strings.Fields(`
acks allow.auto.create.topics auto.commit.interval.ms auto.offset.reset batch.size
buffer.memory check.crcs client.dns.lookup client.rack compression.gzip.level
compression.lz4.level compression.type compression.zstd.level connections.max.idle.ms
default.api.timeout.ms delivery.timeout.ms enable.auto.commit enable.idempotence
enable.metrics.push exclude.internal.topics fetch.max.bytes fetch.max.wait.ms
fetch.min.bytes group.id group.instance.id group.protocol group.remote.assignor
heartbeat.interval.ms interceptor.classes internal.throw.on.fetch.stable.offset.unsupported
isolation.level key.deserializer key.serializer linger.ms max.block.ms
max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms
max.poll.records max.request.size metadata.max.age.ms metadata.max.idle.ms
metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy metric.reporters
auto.include.jmx.reporter metrics.num.samples metrics.recording.level
metrics.sample.window.ms partition.assignment.strategy
partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms
partitioner.class partitioner.ignore.keys receive.buffer.bytes reconnect.backoff.max.ms
reconnect.backoff.ms retries retry.backoff.max.ms retry.backoff.ms
sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds
sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms
sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience
sasl.oauthbearer.expected.issuer sasl.oauthbearer.header.urlencode
sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url
sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name
security.providers send.buffer.bytes session.timeout.ms share.acknowledgement.mode
share.acquire.mode socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms
ssl.cipher.suites ssl.keymanager.algorithm ssl.protocol ssl.provider
ssl.secure.random.implementation ssl.trustmanager.algorithm transaction.timeout.ms
transaction.two.phase.commit.enable transactional.id value.deserializer value.serializer
sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name
sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor
auto.register.schemas use.latest.version specific.avro.reader normalize.schemas
key.subject.name.strategy value.subject.name.strategy latest.compatibility.strict
`)

const (
	noJavaClasses = "Java classes can't be loaded"
	noAssertions  = "JWT assertions aren't supported; use client credentials, or a token in a context"
)

// refusedProperties can't be followed and would change the meaning of the
// connection when they were ignored. The value says why.
var refusedProperties = map[string]string{
	"bootstrap.controllers":                             "connections go to brokers: give bootstrap.servers",
	"config.providers":                                  "${...} from config providers isn't resolved; put the value itself into a private file",
	"sasl.client.callback.handler.class":                noJavaClasses,
	"sasl.login.class":                                  noJavaClasses,
	"ssl.engine.factory.class":                          noJavaClasses,
	"sasl.oauthbearer.jwt.retriever.class":              "Java classes can't be loaded; give a token endpoint, or a token in a context",
	"sasl.oauthbearer.jwt.validator.class":              noJavaClasses,
	"sasl.oauthbearer.assertion.algorithm":              noAssertions,
	"sasl.oauthbearer.assertion.claim.aud":              noAssertions,
	"sasl.oauthbearer.assertion.claim.exp.seconds":      noAssertions,
	"sasl.oauthbearer.assertion.claim.iss":              noAssertions,
	"sasl.oauthbearer.assertion.claim.jti.include":      noAssertions,
	"sasl.oauthbearer.assertion.claim.nbf.seconds":      noAssertions,
	"sasl.oauthbearer.assertion.claim.sub":              noAssertions,
	"sasl.oauthbearer.assertion.file":                   noAssertions,
	"sasl.oauthbearer.assertion.private.key.file":       noAssertions,
	"sasl.oauthbearer.assertion.private.key.passphrase": noAssertions,
	"sasl.oauthbearer.assertion.template.file":          noAssertions,

	// librdkafka's names for the same things, often pasted by mistake.
	"metadata.broker.list":     "that is librdkafka's name: use bootstrap.servers",
	"sasl.mechanisms":          "that is librdkafka's name: use sasl.mechanism",
	"sasl.username":            "that is librdkafka's name: use sasl.jaas.config",
	"sasl.password":            "that is librdkafka's name: use sasl.jaas.config",
	"ssl.ca.location":          "that is librdkafka's name: use ssl.truststore.location",
	"ssl.certificate.location": "that is librdkafka's name: use ssl.keystore.location",
	"ssl.key.location":         "that is librdkafka's name: use ssl.keystore.location",
}

// checkProperty refuses keys that aren't known or can't be followed. from names
// the source.
func checkProperty(from, key string) error {
	if why, refused := refusedProperties[key]; refused {
		return usagef(why, "%s: %s isn't supported", from, key)
	}
	if slices.Contains(usedProperties, key) || slices.Contains(ignoredProperties, key) {
		return nil
	}
	known := slices.Concat(usedProperties, ignoredProperties, slices.Collect(maps.Keys(refusedProperties)))
	hint := "see \"Client Configs\" in Apache Kafka's documentation"
	if near := nearest(key, known); near != "" {
		hint = suggest(key, known)
	}
	return usagef(hint, "%s: unknown property %q", from, key)
}

// holdsSecret reports whether the value of key is, or contains, a secret.
func holdsSecret(key, value string) bool {
	switch key {
	case keyTruststorePassword, keyKeystorePassword, keyKeyPassword, keyKeystoreKey,
		keyOAuthClientSecret, keyBasicAuth, keyBearerToken:
		return value != ""
	case keyJAAS:
		module, err := parseJAAS(value)
		// What can't be parsed may hold anything.
		return err != nil || module.holdsSecret()
	default:
		return false
	}
}
