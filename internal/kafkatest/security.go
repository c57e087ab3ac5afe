package kafkatest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// keystores are the configs that give each listener its certificate.
func keystores(servers map[string]keyPair) []string {
	var configs []string
	for name, pair := range servers {
		at := ""
		if name != "" {
			at = "listener.name." + strings.ToLower(name) + "."
		}
		configs = append(configs, at+"ssl.keystore.type=PEM", at+"ssl.keystore.location="+pair.both)
	}
	return configs
}

// securityConfigs are the broker's settings for TLS, SASL and ACLs.
func securityConfigs(caFile, jwksURL string) []string {
	const login = "org.apache.kafka.common.security."
	passwords := ""
	for _, user := range []string{AdminUser, Alice, Bob} {
		passwords += fmt.Sprintf(` user_%s="%s"`, user, Password(user))
	}
	// Brokers and controllers log in to each other with the same words.
	plainLogin := fmt.Sprintf(`%splain.PlainLoginModule required username="%s" password="%s"%s;`,
		login, AdminUser, Password(AdminUser), passwords)
	scramLogin := login + "scram.ScramLoginModule required;"
	return []string{
		"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"allow.everyone.if.no.acl.found=false",
		"super.users=User:" + AdminUser,

		"ssl.truststore.type=PEM",
		"ssl.truststore.location=" + caFile,
		"ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT",
		"listener.name.mtls.ssl.client.auth=required",

		"sasl.mechanism.inter.broker.protocol=PLAIN",
		"sasl.mechanism.controller.protocol=PLAIN",
		"listener.name.controller.sasl.enabled.mechanisms=PLAIN",
		"listener.name.controller.plain.sasl.jaas.config=" + plainLogin,
		"listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256",
		"listener.name.sasl_plaintext.plain.sasl.jaas.config=" + plainLogin,
		"listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=" + scramLogin,
		"listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
		"listener.name.sasl_ssl.plain.sasl.jaas.config=" + plainLogin,
		"listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=" + scramLogin,
		"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=" + scramLogin,
		"listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=" + login + "oauthbearer.OAuthBearerLoginModule required;",
		"listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class=" + login + "oauthbearer.OAuthBearerValidatorCallbackHandler",

		"sasl.oauthbearer.jwks.endpoint.url=" + jwksURL,
		"sasl.oauthbearer.expected.issuer=" + tokenIssuer,
		"sasl.oauthbearer.expected.audience=" + tokenAudience,
		"sasl.oauthbearer.clock.skew.seconds=0",
	}
}

// writeToolConfig writes the client properties that let Apache's tools in as
// the administrator.
func writeToolConfig(dir string) (string, error) {
	file := filepath.Join(dir, "admin.properties")
	content := fmt.Sprintf(`security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="%s" password="%s";
`, AdminUser, Password(AdminUser))
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("writing the tools' client properties: %w", err)
	}
	return file, nil
}
