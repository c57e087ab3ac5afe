package cluster

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// defaultPort is what a broker address without a port means, as in Apache's
// own examples and in franz-go.
const defaultPort = "9092"

// parseBrokers makes host:port of every address in list, whose items may
// themselves be comma-separated. A missing port is 9092. where names the source
// for the error, such as "--brokers".
func parseBrokers(list []string, where string) ([]string, error) {
	var brokers []string
	for _, item := range list {
		for address := range strings.SplitSeq(item, ",") {
			address = strings.TrimSpace(address)
			if address == "" {
				continue
			}
			broker, hint := parseBroker(address)
			if hint != "" {
				return nil, usagef(hint, "%s: %q is not a broker address", where, withoutUserInfo(address))
			}
			brokers = append(brokers, broker)
		}
	}
	if len(brokers) == 0 {
		return nil, usagef("give one or more host:port, separated by commas", "%s: no broker address", where)
	}
	return brokers, nil
}

// parseBroker gives host:port, or a hint when address isn't one.
func parseBroker(address string) (broker, hint string) {
	switch scheme, rest, found := strings.Cut(address, "://"); {
	case strings.ContainsFunc(address, isSpaceOrControl):
		return "", "separate addresses with commas, without spaces inside"
	case found && rest != "" && !strings.Contains(rest, "@"):
		return "", "leave out \"" + scheme + "://\": " + strings.TrimRight(rest, "/")
	case strings.Contains(address, "@"):
		return "", "user and password don't belong into the address; set sasl in a context or in a --command-config file"
	case strings.Contains(address, "/"):
		return "", "a broker address is host:port, without a path"
	}
	host, port, err := splitHostPort(address)
	if err != nil || host == "" {
		return "", "a broker address is host:port, such as kafka-1.example.com:9092 or [::1]:9092"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "the port is a number from 1 to 65535"
	}
	return net.JoinHostPort(host, port), ""
}

// splitHostPort is net.SplitHostPort with a default port. An IPv6 address
// without brackets is taken whole, since its last group can't be told from a
// port.
func splitHostPort(address string) (host, port string, err error) {
	if ip, err := netip.ParseAddr(strings.Trim(address, "[]")); err == nil {
		return ip.String(), defaultPort, nil
	}
	if !strings.Contains(address, ":") {
		return address, defaultPort, nil
	}
	host, port, err = net.SplitHostPort(address)
	if err == nil && strings.Contains(host, ":") {
		_, err = netip.ParseAddr(host)
	}
	return host, port, err
}

func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// withoutUserInfo hides what stands before the last "@", which may be a password.
func withoutUserInfo(address string) string {
	at := strings.LastIndex(address, "@")
	if at < 0 {
		return address
	}
	scheme, _, found := strings.Cut(address[:at], "://")
	if !found {
		return "…" + address[at:]
	}
	return scheme + "://…" + address[at:]
}

// parseRegistry checks the registry's URL and takes user and password off it.
// Only the environment may carry them there.
func parseRegistry(raw, where string) (base string, user *url.Userinfo, err error) {
	const form = "give it as http://host:port or https://host:port/path"
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// The error repeats the address, password included.
		return "", nil, usagef(form, "%s: %q is not a URL", where, withoutUserInfo(raw))
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", nil, usagef(form, "%s: %q is not a registry URL", where, withoutUserInfo(raw))
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", nil, usagef(form, "%s: %q has a query or fragment", where, u.Redacted())
	}
	user = u.User
	u.User = nil
	return strings.TrimRight(u.String(), "/"), user, nil
}
