package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
)

// tlsSource is how to speak TLS, its files still unread.
type tlsSource struct {
	enabled    bool
	trust      trustStore
	keys       keyStore
	serverName string
	skipVerify bool     // trust anybody
	skipName   bool     // verify the chain, but not the host name
	versions   []uint16 // allowed, none: TLS 1.2 and newer
}

// newTLSSource takes the tls of a context. Relative paths start at dir.
func newTLSSource(from string, t *TLS, dir string, getenv func(string) string) tlsSource {
	if t == nil {
		return tlsSource{}
	}
	path := func(p string) string {
		if p == "" {
			return ""
		}
		return expandPath(p, dir, getenv)
	}
	source := tlsSource{
		enabled:    t.Enabled == nil || *t.Enabled,
		trust:      trustStore{what: from + ": tls.ca", path: path(t.CA)},
		keys:       keyStore{what: from + ": tls.cert", path: path(t.Cert), keyPath: path(t.Key), keyWhat: from + ": tls.key"},
		serverName: t.ServerName,
		skipVerify: t.InsecureSkipVerify,
	}
	return source
}

// applyProperties takes ssl.* properties. Relative paths start at the working
// directory, as in Java.
func (t *tlsSource) applyProperties(p propertySet) error {
	if key := p.firstOf(keyTruststore, keyTruststoreInline); key != "" {
		t.trust = trustStore{
			what: p[key].from + ": " + key, path: p.get(keyTruststore), inline: p.get(keyTruststoreInline),
			password: p.get(keyTruststorePassword),
		}
		if key == keyTruststore && t.trust.inline != "" {
			return usagef("keep one of them", "%s: both %s and %s are set", p[key].from, key, keyTruststoreInline)
		}
	}
	if key := p.firstOf(keyKeystore, keyKeystoreChain); key != "" {
		t.keys = keyStore{
			what: p[key].from + ": " + key, path: p.get(keyKeystore),
			inlineChain: p.get(keyKeystoreChain), inlineKey: p.get(keyKeystoreKey),
			password: p.get(keyKeystorePassword), keyPassword: p.get(keyKeyPassword),
		}
	}
	for _, key := range []string{keyTruststoreType, keyKeystoreType} {
		switch kind := p[key]; strings.ToUpper(kind.value) {
		case "", "JKS", "PKCS12", "PEM": // which of them it is, the file itself says
		default:
			return usagef("use JKS, PKCS12 or PEM", "%s: %s=%s isn't supported", kind.from, key, kind.value)
		}
	}
	if name, given := p[keyHostnameCheck]; given {
		switch strings.ToLower(name.value) {
		case "":
			t.skipName = true
		case "https":
			t.skipName = false
		default:
			return usagef("use https, or nothing to skip the check", "%s: %s=%s isn't supported", name.from, keyHostnameCheck, name.value)
		}
	}
	return t.applyVersions(p[keyTLSVersions])
}

var tlsVersions = map[string]uint16{
	"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13,
}

func (t *tlsSource) applyVersions(list property) error {
	if list.value == "" {
		return nil
	}
	t.versions = nil
	for name := range strings.SplitSeq(list.value, ",") {
		version, known := tlsVersions[strings.TrimSpace(name)]
		if !known {
			return usagef("use TLSv1.2 and TLSv1.3", "%s: %s: %q is unknown", list.from, keyTLSVersions, strings.TrimSpace(name))
		}
		t.versions = append(t.versions, version)
	}
	return nil
}

// config reads the files; nil means plain text.
func (t *tlsSource) config() (*tls.Config, error) {
	if !t.enabled {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName}
	for i, version := range t.versions {
		if i == 0 {
			conf.MinVersion, conf.MaxVersion = version, version
		}
		conf.MinVersion, conf.MaxVersion = min(conf.MinVersion, version), max(conf.MaxVersion, version)
	}
	if t.trust.given() {
		roots, err := loadAuthorities(t.trust)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = roots
	}
	if t.keys.given() {
		certificate, err := loadKeyPair(t.keys)
		if err != nil {
			return nil, err
		}
		// Sent whatever authorities the broker names: its refusal says more
		// than the silence of a certificate that was never sent.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil }
	}
	switch {
	case t.skipVerify:
		conf.InsecureSkipVerify = true
	case t.skipName:
		conf.InsecureSkipVerify = true // VerifyConnection does what is left
		conf.VerifyConnection = verifyChain(conf.RootCAs)
	}
	return conf, nil
}

// verifyChain checks a broker's certificate but for its name, as Java does when
// ssl.endpoint.identification.algorithm is empty.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		intermediates := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
		return err
	}
}
