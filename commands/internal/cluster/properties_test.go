package cluster

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

const javaFile = `# as for Apache's tools
bootstrap.servers = kafka-1:9093, kafka-2
security.protocol: SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
    username="alice" \
    password="p\u00e4ss ${HOME} \\\\ word;";
client.id=ops
request.timeout.ms=7000
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
acks=all
schema.registry.url=https://registry
basic.auth.credentials.source=USER_INFO
basic.auth.user.info=reg:istry:secret
`

func TestCommandConfig(t *testing.T) {
	s := resolve(t, Flags{CommandConfig: write(t, "client.properties", javaFile)})
	if got := strings.Join(s.Brokers, " "); got != "kafka-1:9093 kafka-2:9092" {
		t.Errorf("brokers are %q", got)
	}
	if s.tlsConf == nil || !s.sasl.enabled || s.sasl.mechanism != "SCRAM-SHA-512" || s.sasl.user != "alice" {
		t.Errorf("TLS %v, SASL %+v", s.tlsConf, s.sasl)
	}
	if got, err := s.sasl.password.read(t.Context()); got != `p`+"\u00e4"+`ss ${HOME} \ word;` || err != nil {
		t.Errorf("password is %q, %v", got, err)
	}
	if s.clientID != "ops" || s.Timeout != 7*time.Second || s.Registry != "https://registry" || s.registry.user != "reg" {
		t.Errorf("client id %q, timeout %s, registry %q of %q", s.clientID, s.Timeout, s.Registry, s.registry.user)
	}
	if got, err := s.registry.password.read(t.Context()); got != "istry:secret" || err != nil {
		t.Errorf("registry password is %q, %v", got, err)
	}
}

func TestSecurityProtocolSwitchesWhatAContextHas(t *testing.T) {
	config := write(t, "config.yaml", "current: a\ncontexts:\n  a:\n    tls: {}\n    sasl: {mechanism: PLAIN, user: u, password: {env: P}}\n")
	for protocol, want := range map[string][2]bool{
		"PLAINTEXT": {false, false}, "SSL": {true, false}, "SASL_PLAINTEXT": {false, true}, "sasl_ssl": {true, true},
	} {
		s := resolve(t, Flags{ConfigFile: config, Properties: []string{"security.protocol=" + protocol}})
		if got := [2]bool{s.tlsConf != nil, s.sasl.enabled}; got != want {
			t.Errorf("%s: TLS and SASL are %v, want %v", protocol, got, want)
		}
	}
	s := resolve(t, Flags{ConfigFile: config, Properties: []string{"sasl.mechanism=SCRAM-SHA-256"}})
	if s.tlsConf == nil || s.sasl.mechanism != "SCRAM-SHA-256" || s.sasl.user != "u" {
		t.Errorf("one property changed more than itself: %+v", s.sasl)
	}
}

func TestWhatPropertiesAreRefused(t *testing.T) {
	const jaas = `sasl.jaas.config=x.PlainLoginModule required username="u" password="pass-word";`
	for _, test := range []struct {
		name  string
		given string
		says  string
	}{
		{"an unknown key", "sasl.mechansim=PLAIN", "unknown property \"sasl.mechansim\"\ndid you mean \"sasl.mechanism\"?"},
		{"a key that is like no other", "xyzzy=1", "Client Configs"},
		{"librdkafka's names", "sasl.mechanisms=PLAIN", "use sasl.mechanism"},
		{"a Java class", "ssl.engine.factory.class=x.Y", "Java classes"},
		{"a login handler", "sasl.login.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler", "IAMClientCallbackHandler isn't supported"},
		{"config providers", "config.providers=file", "${...}"},
		{"an unknown protocol", "security.protocol=SASL-SSL", `did you mean "SASL_SSL"?`},
		{"an unknown mechanism", "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA256", `did you mean "SCRAM-SHA-256"?`},
		{"Kerberos", "security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI", "supported are PLAIN"},
		{"Kerberos' login", "security.protocol=SASL_SSL\nsasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required;", `"Krb5LoginModule" isn't supported`},
		{"SASL without a mechanism", "security.protocol=SASL_SSL", "SASL without a mechanism"},
		{"SCRAM without its size", strings.ReplaceAll("security.protocol=SASL_SSL\n"+jaas, "Plain", "Scram"), "SASL without a mechanism"},
		{"a mechanism without a login", "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN", "PLAIN needs a user"},
		{"SASL that Java would ignore", "sasl.mechanism=PLAIN\n" + jaas, "no effect without security.protocol"},
		{"TLS that Java would ignore", "ssl.truststore.location=/ca.pem", "no effect without security.protocol"},
		{"a login that can't be read", "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=PlainLoginModule username=pass-word", "has to be: MODULE required"},
		{"an unknown store type", "security.protocol=SSL\nssl.truststore.location=x\nssl.truststore.type=BKS", "ssl.truststore.type=BKS isn't supported"},
		{"an unknown name check", "security.protocol=SSL\nssl.endpoint.identification.algorithm=none", "algorithm=none isn't supported"},
		{"an unknown TLS version", "security.protocol=SSL\nssl.enabled.protocols=TLSv1.2,TLSv2", `"TLSv2" is unknown`},
		{"a registry login from elsewhere", "basic.auth.credentials.source=SASL_INHERIT", "SASL_INHERIT isn't supported"},
		{"a registry login without a password", "basic.auth.user.info=pass-word", "user:password"},
		{"a password in the registry's URL", "schema.registry.url=http://u:pass-word@r", "don't belong into the URL"},
		{"claims that aren't numbers", "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.jaas.config=x.OAuthBearerLoginModule required unsecuredLoginNumberClaim_n=\"x\";", "unsecuredLoginNumberClaim_n is not a number"},
		{"a broken escape", "client.id=\\u12", "isn't a Java properties file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "client.properties", test.given+"\n")
			_, err := Resolve(Flags{CommandConfig: path}, environment())
			all := usageError(t, err).Error() + "\n" + err.(*UsageError).Hint()
			if !strings.Contains(all, test.says) || !strings.Contains(all, "--command-config") && !strings.Contains(all, "SASL") {
				t.Errorf("%q doesn't say %q", all, test.says)
			}
			if strings.Contains(all, "pass-word") {
				t.Errorf("it repeats the secret: %s", all)
			}
		})
	}
}

func TestAFileWithSecretsMustBePrivate(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		refused bool
	}{
		"a login":             {javaFile, true},
		"a keystore password": {"ssl.keystore.password=x\n", true},
		"a client secret":     {"sasl.oauthbearer.client.credentials.client.secret=x\n", true},
		"no secret":           {"bootstrap.servers=a:1\nssl.keystore.password=\n", false},
		"claims":              {"sasl.jaas.config=x.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"a\";\nsecurity.protocol=SASL_SSL\n", false},
	} {
		path := write(t, "client.properties", test.content, 0o644)
		_, err := Resolve(Flags{CommandConfig: path}, environment())
		if !test.refused {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if hint := usageError(t, err).Hint(); hint != "chmod 600 "+path {
			t.Errorf("%s: hint is %q", name, hint)
		}
	}
}

func TestSecretsOnTheCommandLineAreRefused(t *testing.T) {
	for _, flag := range []string{
		`sasl.jaas.config=x.PlainLoginModule required username="u" password="pass-word";`,
		`sasl.jaas.config=x.OAuthBearerLoginModule required clientId="u" clientSecret="pass-word";`,
		`sasl.jaas.config=pass-word`,
		"ssl.truststore.password=pass-word", "ssl.keystore.password=pass-word", "ssl.key.password=pass-word", "ssl.keystore.key=pass-word",
		"sasl.oauthbearer.client.credentials.client.secret=pass-word", "basic.auth.user.info=u:pass-word", "bearer.auth.token=pass-word",
		"pass-word", "=pass-word", "sasl.password=pass-word",
	} {
		_, err := Resolve(Flags{Properties: []string{flag}}, environment())
		all := usageError(t, err).Error() + err.(*UsageError).Hint()
		if !strings.HasPrefix(all, "-X") || strings.Contains(all, "pass-word") {
			t.Errorf("%s: %s", flag, all)
		}
	}
	_, err := Resolve(Flags{Properties: []string{"ssl.key.password=pass-word"}}, environment())
	if hint := usageError(t, err).Hint(); !strings.Contains(hint, "--command-config") || !strings.Contains(hint, "0600") {
		t.Errorf("the hint doesn't say where to put it: %q", hint)
	}
}

func TestKnownPropertiesAreInOneListOnly(t *testing.T) {
	all := slices.Concat(usedProperties, ignoredProperties)
	for key := range refusedProperties {
		all = append(all, key)
	}
	slices.Sort(all)
	for i := range all[1:] {
		if all[i] == all[i+1] {
			t.Errorf("%s is there twice", all[i])
		}
	}
	for _, key := range ignoredProperties {
		if strings.Contains(key, "password") || strings.HasSuffix(key, ".class") && strings.HasPrefix(key, "s") {
			t.Errorf("%s is ignored", key)
		}
	}
}

// TestKafkaItselfReadsTheSame asks Kafka's own client which properties there
// are, and how it reads a login.
func TestKafkaItselfReadsTheSame(t *testing.T) {
	file := write(t, "client.properties", javaFile)
	program := kafkatest.Secured(t).Java(t, "testdata/KafkaClients.java", file)
	program.Await(t, time.Minute, "\nend\n")
	set, err := readCommandConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	module, err := parseJAAS(set.get(keyJAAS))
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]string{}
	for line := range strings.Lines(program.Stdout()) {
		switch words := strings.Fields(line); words[0] {
		case "key":
			if err := checkProperty("", words[1]); err != nil && refusedProperties[words[1]] == "" {
				t.Error(err)
			}
		case "option":
			value, err := base64.StdEncoding.DecodeString(words[2])
			if err != nil {
				t.Fatal(err)
			}
			options[words[1]] = string(value)
		}
	}
	if diff := cmp.Diff(options, module.options); diff != "" || len(options) != 2 {
		t.Errorf("login (-Kafka +evtctl):\n%s", diff)
	}
}
