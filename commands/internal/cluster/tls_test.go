package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// secured starts a fake broker with TLS, for clients that trust the authority.
func secured(t *testing.T, conf *tls.Config, opts ...kfake.Opt) string {
	t.Helper()
	return kafkatest.Fake(t, append(opts, kfake.NumBrokers(1), kfake.TLS(conf))...).Brokers()[0]
}

func overTLS(address, ca string, more ...string) Flags {
	return Flags{Brokers: []string{address}, Timeout: 5 * time.Second,
		Properties: append([]string{"security.protocol=SSL", "ssl.truststore.location=" + ca}, more...)}
}

func TestTLS(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	hour := time.Now().Add(time.Hour)
	good := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, hour)}})
	expired := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, time.Now().Add(-49*time.Hour))}})
	elsewhere := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, hour, "elsewhere.test")}})
	plain := kafkatest.Fake(t).Brokers()[0]

	t.Run("is spoken", func(t *testing.T) {
		client, err := resolve(t, overTLS(good, ca.file)).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
	})
	t.Run("plain text to a TLS port", func(t *testing.T) {
		refused(t, resolve(t, Flags{Brokers: []string{good}}), CauseNeedsTLS, "TLS")
	})
	t.Run("TLS to a plain-text port", func(t *testing.T) {
		f := overTLS(plain, ca.file)
		f.Timeout = limit // the fake awaits the rest of what it takes for a size; Kafka hangs up
		refused(t, resolve(t, f), CauseNoTLS, "plain text")
	})
	t.Run("wrong authority", func(t *testing.T) {
		refused(t, resolve(t, overTLS(good, other.file)), CauseUntrusted, "CN=ca")
	})
	t.Run("no authority", func(t *testing.T) {
		f := Flags{Brokers: []string{good}, Properties: []string{"security.protocol=SSL"}}
		e := refused(t, resolve(t, f), CauseUntrusted, "CN=ca")
		if !strings.Contains(e.Hint(), "tls: {ca: FILE}") {
			t.Errorf("hint is %q", e.Hint())
		}
	})
	t.Run("wrong name", func(t *testing.T) {
		refused(t, resolve(t, overTLS(elsewhere, ca.file)), CauseWrongName, "elsewhere.test", `"127.0.0.1"`)
	})
	t.Run("wrong name, not checked", func(t *testing.T) {
		s := resolve(t, overTLS(elsewhere, ca.file, "ssl.endpoint.identification.algorithm="))
		client, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
	})
	t.Run("wrong authority, name not checked", func(t *testing.T) {
		refused(t, resolve(t, overTLS(elsewhere, other.file, "ssl.endpoint.identification.algorithm=")), CauseUntrusted)
	})
	t.Run("expired", func(t *testing.T) {
		refused(t, resolve(t, overTLS(expired, ca.file)), CauseExpired, "expired 2 days ago")
	})
	t.Run("no common version", func(t *testing.T) {
		old := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, hour)}, MaxVersion: tls.VersionTLS12})
		refused(t, resolve(t, overTLS(old, ca.file, "ssl.enabled.protocols=TLSv1.3")), CauseTLS, "protocol version not supported")
	})
}

func TestClientCertificates(t *testing.T) {
	ca, other := newAuthority(t, "ca"), newAuthority(t, "other")
	hour := time.Now().Add(time.Hour)
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.certificate)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		broker := secured(t, &tls.Config{
			Certificates: []tls.Certificate{ca.issue(t, hour)}, MaxVersion: version,
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted,
		})
		with := func(t *testing.T, pair tls.Certificate) Flags {
			chain, key := pemPair(t, pair)
			return overTLS(broker, ca.file, "ssl.keystore.location="+write(t, "client.pem", chain+key))
		}
		name := tls.VersionName(version)
		t.Run(name+" given", func(t *testing.T) {
			client, err := resolve(t, with(t, ca.issue(t, hour))).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			client.Close()
		})
		t.Run(name+" missing", func(t *testing.T) {
			refused(t, resolve(t, overTLS(broker, ca.file)), CauseClientCertificate, "wants a client certificate, and none is configured")
		})
		t.Run(name+" expired", func(t *testing.T) {
			refused(t, resolve(t, with(t, ca.issue(t, time.Now().Add(-49*time.Hour)))), CauseClientCertificate, "the client certificate expired 2 days ago")
		})
		t.Run(name+" of another authority", func(t *testing.T) {
			e := refused(t, resolve(t, with(t, other.issue(t, hour))), CauseClientCertificate)
			if strings.Contains(e.Error(), "none is configured") {
				t.Errorf("%v", e)
			}
		})
	}
}
