package lag_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/evtctl/evtctl/internal/kafkatest"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func asError[E error](err error, target *E) bool { return errors.As(err, target) }

// topicOf makes a topic that keeps the tests' old records: with a retention they
// would be gone within seconds.
func topicOf(t *testing.T, c *kafkatest.Cluster, partitions int32) string {
	t.Helper()
	return c.Topic(t, partitions, "retention.ms=-1")
}

// remake deletes a topic and makes it anew with other partitions.
func remake(t *testing.T, c *kafkatest.Cluster, topic string, partitions int32) {
	t.Helper()
	adm := c.Admin(t)
	if _, err := adm.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, 30*time.Second, "topic "+topic+" made anew", func() (bool, string) {
		_, err := adm.CreateTopic(t.Context(), partitions, -1, nil, topic)
		return err == nil, fmt.Sprint(err)
	})
	c.AwaitTopic(t, topic, partitions)
}

// deleteRecords moves the log start of partition 0.
func deleteRecords(t *testing.T, c *kafkatest.Cluster, topic string, before int64) {
	t.Helper()
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: before})
	if _, err := c.Admin(t).DeleteRecords(t.Context(), offsets); err != nil {
		t.Fatal(err)
	}
}

func setGroupConfig(t *testing.T, c *kafkatest.Cluster, group, key, value string) {
	t.Helper()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeGroupConfig, group
	kv := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	kv.Name, kv.Value = key, &value
	r.Configs = append(r.Configs, kv)
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(t.Context(), c.Client(t))
	if err == nil {
		err = kerr.ErrorForCode(resp.Resources[0].ErrorCode)
	}
	if err != nil {
		t.Fatalf("setting %s of group %s: %v", key, group, err)
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
