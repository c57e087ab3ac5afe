package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"
)

// store gives a copy of a file in testdata/stores, private as version control
// doesn't keep it.
func store(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/stores/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, name, string(data))
}

// sslFile is a --command-config with TLS and more lines.
func sslFile(t *testing.T, lines ...string) Flags {
	t.Helper()
	return Flags{CommandConfig: write(t, "ssl.properties", "security.protocol=SSL\n"+strings.Join(lines, "\n")+"\n")}
}

func TestTruststores(t *testing.T) {
	for _, test := range []struct{ name, password, kind string }{
		{"truststore.jks", "store-secret", ""},
		{"truststore.p12", "store-secret", ""},
		{"truststore.p12", "store-secret", "JKS"}, // as Java, which has JKS as the default
		{"truststore.jks", "store-secret", "PKCS12"},
		{"certificate.pem", "", "PEM"},
	} {
		s := resolve(t, sslFile(t, "ssl.truststore.location="+store(t, test.name), "ssl.truststore.password="+test.password, "ssl.truststore.type="+test.kind))
		want := pemPool(t, "testdata/stores/certificate.pem")
		if !s.tlsConf.RootCAs.Equal(want) {
			t.Errorf("%s (%s) holds other authorities", test.name, test.kind)
		}
	}
	data, err := os.ReadFile("testdata/stores/certificate.pem")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(data), "\r", "")), "\n")
	inline := strings.Join(lines, "\\n") // as Java's properties have it
	s := resolve(t, Flags{Properties: []string{"security.protocol=SSL"}, CommandConfig: write(t, "c.properties", "ssl.truststore.type=PEM\nsecurity.protocol=SSL\nssl.truststore.certificates="+inline+"\n")})
	if !s.tlsConf.RootCAs.Equal(pemPool(t, "testdata/stores/certificate.pem")) {
		t.Error("inline PEM holds other authorities")
	}
}

func pemPool(t *testing.T, path string) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		t.Fatal("no certificate in " + path)
	}
	return pool
}

func TestWhatTruststoresAreRefused(t *testing.T) {
	for _, test := range []struct{ name, password, says string }{
		{"truststore.jks", "wrong-secret", "wrong password"},
		{"truststore.p12", "wrong-secret", "wrong password"},
		{"truststore.jks", "", "needs a password"},
		{"truststore.p12", "", "needs a password"},
		{"keystore.jks", "store-secret", "no certificate in it"},
		{"keystore.p12", "store-secret", "pkcs12"},
		{"make.sh", "", "neither PEM nor PKCS12 nor JKS"},
	} {
		path := store(t, test.name)
		_, err := Resolve(sslFile(t, "ssl.truststore.location="+path, "ssl.truststore.password="+test.password), environment())
		usageError(t, err)
		if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "ssl.truststore.location: "+path) {
			t.Errorf("%s: %q doesn't say %q", test.name, err, test.says)
		}
		if strings.Contains(err.Error(), "wrong-secret") {
			t.Errorf("the password is in %v", err)
		}
	}
	for content, says := range map[string]string{
		"\xce\xce\xce\xce\x00":        "JCEKS",
		"\xfe\xed\xfe\xed\x00":        "truststore",
		"\x30\x82":                    "pkcs12",
		"-----BEGIN CERTIFICATE-----": "no certificate in it",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "x509",
		"": "neither PEM",
	} {
		_, err := Resolve(sslFile(t, "ssl.truststore.location="+write(t, "truststore", content)), environment())
		if usageError(t, err); !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %q doesn't say %q", content, err, says)
		}
	}
}

func TestKeystores(t *testing.T) {
	for _, test := range []struct{ name, store, key string }{
		{"keystore.jks", "store-secret", "key-secret"},
		{"keystore.p12", "store-secret", ""},
		{"encrypted.pem", "", "key-secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := resolve(t, sslFile(t, "ssl.keystore.location="+store(t, test.name),
				"ssl.keystore.password="+test.store, "ssl.key.password="+test.key))
			pair, err := s.tlsConf.GetClientCertificate(&tls.CertificateRequestInfo{})
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := x509.ParseCertificate(pair.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(leaf.Subject.CommonName, "-client") {
				t.Errorf("subject is %s", leaf.Subject)
			}
			usable(t, leaf, *pair)
		})
	}
}

// usable shakes hands with pair, for which its own certificate is the authority.
func usable(t *testing.T, leaf *x509.Certificate, pair tls.Certificate) {
	t.Helper()
	ca := newAuthority(t, "ca")
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	broker := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, time.Now().Add(time.Hour))},
		ClientAuth: tls.RequireAnyClientCert, ClientCAs: trusted})
	s := resolve(t, overTLS(broker, ca.file))
	s.tlsConf.Certificates = []tls.Certificate{pair}
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}

func TestWhatKeystoresAreRefused(t *testing.T) {
	for _, test := range []struct{ name, store, key, says string }{
		{"keystore.jks", "wrong-secret", "", "wrong password"},
		{"keystore.jks", "store-secret", "wrong-secret", "wrong password"},
		{"keystore.jks", "store-secret", "", "wrong password"}, // the key has one of its own
		{"keystore.p12", "wrong-secret", "", "wrong password"},
		{"keystore.p12", "", "", "needs a password"},
		{"encrypted.pem", "", "wrong-secret", "wrong password"},
		{"encrypted.pem", "", "", "needs a password"},
		{"truststore.jks", "store-secret", "", "no private key in it"},
		{"truststore.p12", "store-secret", "", "pkcs12"},
		{"certificate.pem", "", "", "no private key in it"},
		{"make.sh", "", "", "neither PEM nor PKCS12 nor JKS"},
	} {
		path := store(t, test.name)
		_, err := Resolve(sslFile(t, "ssl.keystore.location="+path, "ssl.keystore.password="+test.store, "ssl.key.password="+test.key), environment())
		usageError(t, err)
		if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "ssl.keystore.location: "+path) {
			t.Errorf("%s: %q doesn't say %q", test.name, err, test.says)
		}
		if strings.Contains(err.Error(), "wrong-secret") {
			t.Errorf("the password is in %v", err)
		}
	}
}

func TestKeyFilesOfAContext(t *testing.T) {
	ca := newAuthority(t, "ca")
	chain, key := pemPair(t, ca.issue(t, time.Now().Add(time.Hour)))
	otherChain, _ := pemPair(t, ca.issue(t, time.Now().Add(time.Hour)))
	legacy := string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte{1}}))
	open := func(content string) string { return write(t, "open.pem", content, 0o644) }
	private := func(content string) string { return write(t, "private.pem", content) }
	for _, test := range []struct {
		name      string
		cert, key string
		says      string
	}{
		{"two files, of which only the key is private", open(chain), private(key), ""},
		{"one private file", private(chain + key), "", ""},
		{"a key that others can read", open(chain), open(key), "mode 0644"},
		{"one file that others can read", open(chain + key), "", "mode 0644"},
		{"a key without a certificate", "", private(key), "key without a certificate"},
		{"a certificate without a key", private(chain), "", "no private key in it"},
		{"a key for another certificate", open(otherChain), private(key), "private key does not match"},
		{"a key encrypted in the old way", open(chain), private(legacy), "openssl pkcs8 -topk8"},
		{"a missing key", open(chain), "/nonexistent/key", "tls.key: /nonexistent/key: no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := write(t, "config.yaml", "current: a\ncontexts:\n  a:\n    tls: {cert: \""+test.cert+"\", key: \""+test.key+"\"}\n")
			_, err := Resolve(Flags{ConfigFile: config}, environment())
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			usageError(t, err)
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), `context "a": tls.`) {
				t.Errorf("%q doesn't say %q", err, test.says)
			}
		})
	}
}

func TestATLSContextWithPathsNextToIt(t *testing.T) {
	ca := newAuthority(t, "ca")
	data, err := os.ReadFile(ca.file)
	if err != nil {
		t.Fatal(err)
	}
	config := write(t, "config.yaml", "current: a\ncontexts:\n  a:\n    tls: {ca: ca.pem, server_name: kafka.test}\n  off:\n    tls: {enabled: false, ca: missing.pem}\n")
	if err := os.WriteFile(strings.TrimSuffix(config, "config.yaml")+"ca.pem", data, 0o600); err != nil {
		t.Fatal(err)
	}
	broker := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, time.Now().Add(time.Hour), "kafka.test")}})
	s := resolve(t, Flags{ConfigFile: config, Context: "a", Brokers: []string{broker}})
	client, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if s := resolve(t, Flags{ConfigFile: config, Context: "off"}); s.tlsConf != nil {
		t.Error("TLS is on")
	}
}

func TestTLSVersions(t *testing.T) {
	s := resolve(t, Flags{Properties: []string{"security.protocol=SSL"}})
	if s.tlsConf.MinVersion != tls.VersionTLS12 || s.tlsConf.MaxVersion != 0 {
		t.Errorf("default is %x to %x", s.tlsConf.MinVersion, s.tlsConf.MaxVersion)
	}
	s = resolve(t, Flags{Properties: []string{"security.protocol=SSL", "ssl.enabled.protocols=TLSv1.3, TLSv1.2"}})
	if s.tlsConf.MinVersion != tls.VersionTLS12 || s.tlsConf.MaxVersion != tls.VersionTLS13 {
		t.Errorf("versions are %x to %x", s.tlsConf.MinVersion, s.tlsConf.MaxVersion)
	}
}
