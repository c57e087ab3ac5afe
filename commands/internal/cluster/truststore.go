package cluster

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	jks "github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// trustStore is where the trusted authorities are: a PEM, PKCS12 or JKS file,
// or PEM text.
type trustStore struct {
	what     string // for messages, such as "context \"prod\": tls.ca"
	path     string
	inline   string
	password string
}

func (t trustStore) given() bool { return t.path != "" || t.inline != "" }

type storeFormat int

const (
	formatUnknown storeFormat = iota
	formatPEM
	formatPKCS12
	formatJKS
	formatJCEKS
)

// formatOf looks at the content. The declared type doesn't tell: Java itself
// reads PKCS12 files where JKS is configured, which is its default.
func formatOf(data []byte) storeFormat {
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		return formatJKS
	case bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return formatJCEKS
	case bytes.HasPrefix(data, []byte{0x30}): // a DER sequence
		return formatPKCS12
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return formatPEM
	default:
		return formatUnknown
	}
}

var errPasswordMissing = errors.New("it needs a password")

// unreadableStore explains why a store can't be used. Passwords are in no
// library's error, and never in this one.
func unreadableStore(what, path string, format storeFormat, password string, err error) error {
	hint := ""
	switch {
	case format == formatJCEKS:
		hint = "convert it: keytool -importkeystore -deststoretype PKCS12"
		err = errors.New("the JCEKS format isn't supported")
	case format == formatUnknown:
		err = errors.New("it is neither PEM nor PKCS12 nor JKS")
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption),
		err != nil && (strings.HasSuffix(err.Error(), "got invalid digest") || strings.HasSuffix(err.Error(), "incorrect password")):
		err = errors.New("wrong password")
		if password == "" {
			err = errPasswordMissing
		}
	}
	if path == "" {
		return usagef(hint, "%s: %w", what, err)
	}
	return usagef(hint, "%s: %s: %w", what, path, err)
}

// loadAuthorities reads the certificates to trust. They aren't secret, so the
// file may be readable by all.
func loadAuthorities(t trustStore) (*x509.CertPool, error) {
	data := []byte(t.inline)
	if t.inline == "" {
		file, err := readFile(t.what, t.path)
		if err != nil {
			return nil, err
		}
		data = file.data
	}
	format := formatOf(data)
	var certificates []*x509.Certificate
	var err error
	switch format {
	case formatPEM:
		certificates, err = pemCertificates(data)
	case formatPKCS12:
		certificates, err = pkcs12.DecodeTrustStore(data, t.password)
	case formatJKS:
		certificates, err = jksAuthorities(data, t.password)
	}
	if err == nil && len(certificates) == 0 {
		err = errors.New("no certificate in it")
	}
	if err != nil {
		return nil, unreadableStore(t.what, t.path, format, t.password, err)
	}
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

func pemCertificates(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

func loadJKS(data []byte, password string) (jks.KeyStore, error) {
	store := jks.New(jks.WithOrderedAliases(), jks.WithCaseExactAliases())
	return store, store.Load(bytes.NewReader(data), []byte(password))
}

func jksAuthorities(data []byte, password string) ([]*x509.Certificate, error) {
	store, err := loadJKS(data, password)
	if err != nil {
		return nil, err
	}
	var certificates []*x509.Certificate
	for _, alias := range store.Aliases() {
		if !store.IsTrustedCertificateEntry(alias) {
			continue
		}
		entry, err := store.GetTrustedCertificateEntry(alias)
		if err != nil {
			return nil, err
		}
		certificate, err := x509.ParseCertificate(entry.Certificate.Content)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}
