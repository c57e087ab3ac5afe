package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evtctl/evtctl/internal/kafkatest"
)

// environment makes a getenv of name, value pairs.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// resolve gives settings that must be fine.
func resolve(t *testing.T, f Flags, env ...string) *Settings {
	t.Helper()
	s, err := Resolve(f, environment(env...))
	if err != nil {
		t.Fatalf("Resolve(%+v): %v", f, err)
	}
	return s
}

// write makes a file, private unless a mode is given.
func write(t *testing.T, name, content string, mode ...os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	perm := os.FileMode(0o600)
	if len(mode) > 0 {
		perm = mode[0]
	}
	if err := os.WriteFile(path, []byte(content), perm); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

// usageError asserts that err is one.
func usageError(t *testing.T, err error) *UsageError {
	t.Helper()
	var usage *UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("error is %T (%v), want a *UsageError", err, err)
	}
	return usage
}

// listen serves connections with handle, one goroutine each, until the test ends.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() { defer conn.Close(); handle(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, conn := range open {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return listener.Addr().String()
}

// silent accepts and reads, and never answers.
func silent(conn net.Conn) {
	buffer := make([]byte, 1024)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// authority is a CA for one test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	template := certificateTemplate(name, time.Now().Add(time.Hour))
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a.certificate, a.key = template, newKey(t)
	a.certificate = a.sign(t, template, a.key)
	a.file = write(t, name+".pem", string(pemBlock("CERTIFICATE", a.certificate.Raw)), 0o644)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificateTemplate(name string, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-100 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func (a *authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// issue makes a certificate, valid until the given time, for 127.0.0.1 and
// localhost or for the names given.
func (a *authority) issue(t *testing.T, until time.Time, names ...string) tls.Certificate {
	t.Helper()
	template := certificateTemplate("test", until)
	template.DNSNames = names
	if names == nil {
		template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	key := newKey(t)
	certificate := a.sign(t, template, key)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// pemPair is a certificate and its key as PEM.
func pemPair(t *testing.T, pair tls.Certificate) (chain, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pemBlock("CERTIFICATE", pair.Certificate[0])), string(pemBlock("PRIVATE KEY", der))
}

// hang has a node of a fake cluster answer no requests of a kind until the test ends, and
// counts them.
func hang(t *testing.T, c *kafkatest.Cluster, key kmsg.Key, node int32) *atomic.Int32 {
	t.Helper()
	met, released := new(atomic.Int32), make(chan struct{})
	t.Cleanup(func() { close(released) })
	broker := c.Kfake()
	broker.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		if broker.CurrentNode() == node {
			met.Add(1)
			broker.SleepControl(func() { <-released })
		}
		return nil, nil, false
	})
	return met
}
