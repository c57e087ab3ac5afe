package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority signs certificates. All of them, its own too, live for a day: they
// serve one test run.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate, as PEM
	dir  string
}

// keyPair names the files of a certificate and its key, as PEM.
type keyPair struct {
	cert, key string
	both      string // one file with key and chain, as Kafka wants its keystore
}

// newAuthority makes an authority that keeps its files in dir.
func newAuthority(dir, name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the authority %q: %w", name, err)
	}
	template := certificate(name, time.Now().Add(24*time.Hour))
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making the authority %q: %w", name, err)
	}
	// Parsed again for the key id that its children refer to.
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("making the authority %q: %w", name, err)
	}
	a := &authority{cert: cert, key: key, file: filepath.Join(dir, name+".pem"), dir: dir}
	return a, writePEM(a.file, 0o644, block{"CERTIFICATE", der})
}

// server issues a certificate for the hosts, valid until the given time. An IP
// address may be given as a host.
func (a *authority) server(name string, until time.Time, hosts ...string) (keyPair, error) {
	template := certificate(name, until)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.issue(template)
}

// client issues a certificate that tells who a client is.
func (a *authority) client(user string) (keyPair, error) {
	template := certificate(user, time.Now().Add(24*time.Hour))
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

func (a *authority) issue(template *x509.Certificate) (keyPair, error) {
	name := template.Subject.CommonName
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, fmt.Errorf("issuing a certificate to %q: %w", name, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return keyPair{}, fmt.Errorf("issuing a certificate to %q: %w", name, err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return keyPair{}, fmt.Errorf("issuing a certificate to %q: %w", name, err)
	}
	base := filepath.Join(a.dir, name)
	pair := keyPair{cert: base + ".crt", key: base + ".key", both: base + ".pem"}
	leaf, secret := block{"CERTIFICATE", der}, block{"PRIVATE KEY", private}
	if err := writePEM(pair.cert, 0o644, leaf); err != nil {
		return keyPair{}, err
	}
	if err := writePEM(pair.key, 0o600, secret); err != nil {
		return keyPair{}, err
	}
	return pair, writePEM(pair.both, 0o600, secret, leaf, block{"CERTIFICATE", a.cert.Raw})
}

// certificate is what all certificates have in common.
func certificate(name string, until time.Time) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never fails
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-48 * time.Hour), // so that one can have expired
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// block is one part of a PEM file.
type block struct {
	kind string
	der  []byte
}

func writePEM(file string, mode os.FileMode, blocks ...block) error {
	var content []byte
	for _, b := range blocks {
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: b.kind, Bytes: b.der})...)
	}
	if err := os.WriteFile(file, content, mode); err != nil {
		return fmt.Errorf("writing a certificate: %w", err)
	}
	return nil
}
