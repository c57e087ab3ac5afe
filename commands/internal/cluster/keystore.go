package cluster

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

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
