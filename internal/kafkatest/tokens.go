package kafkatest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"time"
)

// What the broker expects of a token beside its signature.
const (
	tokenIssuer   = "https://issuer.test"
	tokenAudience = "kafka"
	tokenKeyID    = "kafkatest"
)

// tokenIssuance signs OAUTHBEARER tokens with a key that the broker knows.
type tokenIssuance struct{ key *rsa.PrivateKey }

// newTokenIssuance makes a key and writes its public half, as a JSON Web Key
// Set (RFC 7517), to the file that the broker reads.
func newTokenIssuance(jwks string) (tokenIssuance, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return tokenIssuance{}, fmt.Errorf("making a key for tokens: %w", err)
	}
	content, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": tokenKeyID,
		"n": segment(key.N.Bytes()),
		"e": segment(big.NewInt(int64(key.E)).Bytes()),
	}}})
	if err != nil {
		return tokenIssuance{}, fmt.Errorf("making a key for tokens: %w", err)
	}
	if err := os.WriteFile(jwks, content, 0o644); err != nil {
		return tokenIssuance{}, fmt.Errorf("making a key for tokens: %w", err)
	}
	return tokenIssuance{key}, nil
}

// sign makes a JSON Web Token (RFC 7519) for the user. It is valid from an hour
// before its expiry, so that one can have expired.
func (i tokenIssuance) sign(user string, expiry time.Time, claims map[string]any) (string, error) {
	body := map[string]any{
		"iss": tokenIssuer, "aud": tokenAudience, "sub": user, "scope": "kafka",
		"iat": expiry.Add(-time.Hour).Unix(), "exp": expiry.Unix(),
	}
	for name, value := range claims {
		body[name] = value
	}
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": tokenKeyID})
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed := segment(head) + "." + segment(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed + "." + segment(signature), nil
}

// segment is the encoding of a token's parts.
func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
