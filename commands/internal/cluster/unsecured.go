package cluster

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// unsecuredJWS makes tokens without a signature, which test clusters accept.
// Its options are those of Kafka's OAuthBearerUnsecuredLoginCallbackHandler.
type unsecuredJWS struct {
	claims   jwt.MapClaims
	lifetime time.Duration
}

// newUnsecuredJWS takes the claims of a login module; nil when it has none.
func newUnsecuredJWS(m jaasModule) (*unsecuredJWS, error) {
	claims := jwt.MapClaims{}
	for name, value := range m.prefixed("unsecuredLoginStringClaim_") {
		claims[name] = value
	}
	for name, value := range m.prefixed("unsecuredLoginNumberClaim_") {
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("unsecuredLoginNumberClaim_%s is not a number", name)
		}
		claims[name] = number
	}
	for name, value := range m.prefixed("unsecuredLoginListClaim_") {
		if len(value) > 1 { // the first character separates: ",a,b" or "|a|b"
			claims[name] = strings.Split(value[1:], value[:1])
		}
	}
	if len(claims) == 0 {
		return nil, nil
	}
	lifetime := time.Hour
	if text := m.options["unsecuredLoginLifetimeSeconds"]; text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, errors.New("unsecuredLoginLifetimeSeconds is not a number of seconds")
		}
		lifetime = time.Duration(seconds) * time.Second
	}
	return &unsecuredJWS{claims: claims, lifetime: lifetime}, nil
}

func (u *unsecuredJWS) token(now time.Time) (string, error) {
	claims := jwt.MapClaims{"iat": now.Unix(), "exp": now.Add(u.lifetime).Unix()}
	maps.Copy(claims, u.claims)
	return jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
}
