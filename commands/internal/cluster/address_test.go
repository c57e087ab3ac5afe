package cluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrokerAddresses(t *testing.T) {
	for _, test := range []struct {
		name string
		list []string
		want []string
		says string // in error or hint
	}{
		{"host and port", []string{"kafka:9093"}, []string{"kafka:9093"}, ""},
		{"a missing port is 9092", []string{"kafka"}, []string{"kafka:9092"}, ""},
		{"commas, blanks around them and a trailing one", []string{" a:1 , b:2,", "c"}, []string{"a:1", "b:2", "c:9092"}, ""},
		{"IPv4", []string{"10.0.0.1"}, []string{"10.0.0.1:9092"}, ""},
		{"IPv6 with port", []string{"[::1]:9093"}, []string{"[::1]:9093"}, ""},
		{"IPv6 in brackets", []string{"[fe80::1%eth0]"}, []string{"[fe80::1%eth0]:9092"}, ""},
		{"IPv6 without brackets is all address", []string{"2001:db8::9093"}, []string{"[2001:db8::9093]:9092"}, ""},
		{"nothing", nil, nil, "no broker address"},
		{"only commas", []string{" , "}, nil, "no broker address"},
		{"a scheme", []string{"kafka://kafka:9092"}, nil, `leave out "kafka://": kafka:9092`},
		{"a listener's name", []string{"SASL_SSL://kafka:9093"}, nil, `leave out "SASL_SSL://": kafka:9093`},
		{"blanks inside", []string{"a:1 b:2"}, nil, "separate addresses with commas"},
		{"a control character", []string{"a\x1b[31m:1"}, nil, "without spaces"},
		{"a path", []string{"kafka:9092/topic"}, nil, "without a path"},
		{"port 0", []string{"kafka:0"}, nil, "1 to 65535"},
		{"a port that is too large", []string{"kafka:65536"}, nil, "1 to 65535"},
		{"a port by name", []string{"kafka:http"}, nil, "1 to 65535"},
		{"an empty port", []string{"kafka:"}, nil, "1 to 65535"},
		{"an empty host", []string{":9092"}, nil, "host:port"},
		{"too many colons", []string{"a:b:c"}, nil, "host:port"},
		{"a wrong address in brackets", []string{"[::zz]:1"}, nil, "host:port"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseBrokers(test.list, "--brokers")
			if test.says == "" {
				if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
					t.Errorf("error %v, brokers (-want +got):\n%s", err, diff)
				}
				return
			}
			usage := usageError(t, err)
			if all := err.Error() + "\n" + usage.Hint(); !strings.Contains(all, test.says) || !strings.HasPrefix(all, "--brokers: ") {
				t.Errorf("%q doesn't say %q", all, test.says)
			}
		})
	}
}

func TestAPasswordInABrokerAddressIsNotRepeated(t *testing.T) {
	for _, address := range []string{"alice:pass-word@kafka:9092", "kafka://alice:pass-word@kafka:9092", "alice:pass@-word@kafka"} {
		_, err := parseBrokers([]string{address}, "--brokers")
		usage := usageError(t, err)
		if all := err.Error() + usage.Hint(); strings.Contains(all, "pass") && !strings.Contains(all, "user and password don't belong") ||
			strings.Contains(all, "-word") || strings.Contains(all, "alice") {
			t.Errorf("it repeats the password: %s", all)
		}
	}
}

func TestRegistryAddresses(t *testing.T) {
	for _, test := range []struct{ raw, want, says string }{
		{"http://localhost:8081", "http://localhost:8081", ""},
		{"https://registry.example.com/apis/ccompat/v7/", "https://registry.example.com/apis/ccompat/v7", ""},
		{"http://[::1]:8081", "http://[::1]:8081", ""},
		{"localhost:8081", "", "not a registry URL"},
		{"ftp://registry", "", "not a registry URL"},
		{"http://", "", "not a registry URL"},
		{"http://registry/?a=b", "", "query"},
		{"http://alice:pass-word@registry:port", "", "not a URL"},
		{"ftp://alice:pass-word@registry", "", "not a registry URL"},
	} {
		got, _, err := parseRegistry(test.raw, "--registry")
		if test.says == "" {
			if err != nil || got != test.want {
				t.Errorf("%s: got %q, %v, want %q", test.raw, got, err, test.want)
			}
			continue
		}
		if usageError(t, err); !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %q doesn't say %q", test.raw, err, test.says)
		}
		if strings.Contains(err.Error(), "pass-word") {
			t.Errorf("it repeats the password: %v", err)
		}
	}
}
