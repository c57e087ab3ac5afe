package cluster

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	jks "github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/youmark/pkcs8"
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

// keyStore is where the client's key and certificate chain are: PEM in one file
// or two, PEM texts, or a PKCS12 or JKS file.
type keyStore struct {
	what        string
	path        string
	keyWhat     string
	keyPath     string // empty: the key is in path
	inlineChain string
	inlineKey   string
	password    string
	keyPassword string // empty: password
}

func (k keyStore) given() bool { return k.path != "" || k.keyPath != "" || k.inlineChain != "" }

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

// loadKeyPair reads the client's key and chain. Every file with a key in it has
// to be private.
func loadKeyPair(k keyStore) (tls.Certificate, error) {
	if k.inlineChain != "" {
		pair, err := pemKeyPair([]byte(k.inlineChain), []byte(k.inlineKey), k.keyPassword)
		if err != nil {
			err = unreadableStore(k.what, "", formatPEM, k.keyPassword, err)
		}
		return pair, err
	}
	if k.path == "" {
		return tls.Certificate{}, usagef("add tls.cert", "%s: a key without a certificate", k.keyWhat)
	}
	chain, err := readFile(k.what, k.path)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, format := chain, formatOf(chain.data)
	if k.keyPath != "" {
		if key, err = readFile(k.keyWhat, k.keyPath); err != nil {
			return tls.Certificate{}, err
		}
	}
	if err := key.mustBePrivate(k.what); err != nil {
		return tls.Certificate{}, err
	}
	pair, err := k.decode(format, chain.data, key.data)
	if err != nil {
		return tls.Certificate{}, unreadableStore(k.what, k.path, format, k.password+k.keyPassword, err)
	}
	return pair, nil
}

func (k keyStore) decode(format storeFormat, chain, key []byte) (tls.Certificate, error) {
	keyPassword := k.keyPassword
	if keyPassword == "" {
		keyPassword = k.password
	}
	switch format {
	case formatPEM:
		return pemKeyPair(chain, key, keyPassword)
	case formatPKCS12:
		return pkcs12KeyPair(chain, k.password)
	case formatJKS:
		return jksKeyPair(chain, k.password, keyPassword)
	default:
		return tls.Certificate{}, errors.New("unknown format")
	}
}

// pemKeyPair is tls.X509KeyPair for keys that may be encrypted PKCS#8.
func pemKeyPair(chain, key []byte, password string) (tls.Certificate, error) {
	block, rest := pem.Decode(key)
	for block != nil && !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return tls.Certificate{}, errors.New("no private key in it")
	}
	if block.Headers["DEK-Info"] != "" {
		return tls.Certificate{}, errors.New("the key has an outdated encryption; convert it: openssl pkcs8 -topk8")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		var err error
		if block, err = decryptKey(block, password); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := tls.X509KeyPair(chain, pem.EncodeToMemory(block))
	if err != nil {
		return pair, errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}

// decryptKey decrypts a PKCS#8 key. The library takes an empty password for none
// at all, so it isn't tried.
func decryptKey(block *pem.Block, password string) (*pem.Block, error) {
	if password == "" {
		return nil, errPasswordMissing
	}
	private, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(password))
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, nil
}

func pkcs12KeyPair(data []byte, password string) (tls.Certificate, error) {
	key, first, others, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	return assemblePair(key, append([]*x509.Certificate{first}, others...))
}

// jksKeyPair takes the first key entry by alias.
func jksKeyPair(data []byte, password, keyPassword string) (tls.Certificate, error) {
	store, err := loadJKS(data, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	for _, alias := range store.Aliases() {
		if !store.IsPrivateKeyEntry(alias) {
			continue
		}
		entry, err := store.GetPrivateKeyEntry(alias, []byte(keyPassword))
		if err != nil {
			return tls.Certificate{}, err
		}
		key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
		if err != nil {
			return tls.Certificate{}, err
		}
		var chain []*x509.Certificate
		for _, content := range entry.CertificateChain {
			certificate, err := x509.ParseCertificate(content.Content)
			if err != nil {
				return tls.Certificate{}, err
			}
			chain = append(chain, certificate)
		}
		return assemblePair(key, chain)
	}
	return tls.Certificate{}, errors.New("no private key in it")
}

// assemblePair puts the key's own certificate first: PKCS12 files may hold the
// chain in any order.
func assemblePair(key any, chain []*x509.Certificate) (tls.Certificate, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return tls.Certificate{}, errors.New("the key can't sign")
	}
	pair := tls.Certificate{PrivateKey: key}
	for _, certificate := range chain {
		public, comparable := certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if pair.Leaf == nil && comparable && public.Equal(signer.Public()) {
			pair.Leaf = certificate
			pair.Certificate = append([][]byte{certificate.Raw}, pair.Certificate...)
			continue
		}
		pair.Certificate = append(pair.Certificate, certificate.Raw)
	}
	if pair.Leaf == nil {
		return tls.Certificate{}, errors.New("no certificate in it is for the private key")
	}
	return pair, nil
}
