package commands_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDocumentsOfTheRegistryCommandsAreAContract(t *testing.T) {
	i := newImitation(t)
	i.must(t, "register", file(t, "order.avsc", `"string"`), "--subject", "s", "--yes")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"list"}, `{
  "version": 1,
  "registry": "URL",
  "subjects": [
    {
      "subject": "s",
      "type": "AVRO",
      "latest": 1,
      "id": 1,
      "versions": [
        1
      ],
      "mode": "BACKWARD",
      "mode_from": "global",
      "deleted": false,
      "error": null
    }
  ]
}
`},
		{[]string{"list", "--details", "never"}, `{
  "version": 1,
  "registry": "URL",
  "subjects": [
    {
      "subject": "s",
      "type": null,
      "latest": null,
      "id": null,
      "versions": null,
      "mode": null,
      "mode_from": null,
      "deleted": null,
      "error": null
    }
  ]
}
`},
		{[]string{"versions", "s"}, `{
  "version": 1,
  "registry": "URL",
  "subject": "s",
  "versions": [
    {
      "version": 1,
      "id": 1,
      "type": "AVRO",
      "references": [],
      "deleted": false
    }
  ]
}
`},
		{[]string{"get", "s"}, `{
  "version": 1,
  "registry": "URL",
  "schema": {
    "name": null,
    "subject": "s",
    "version": 1,
    "id": 1,
    "guid": null,
    "type": "AVRO",
    "references": [],
    "deleted": false,
    "text": "\"string\""
  },
  "referenced": null
}
`},
		{[]string{"mode", "s", "FULL", "--dry-run"}, `{
  "version": 1,
  "registry": "URL",
  "subject": "s",
  "mode": "BACKWARD",
  "from": "global",
  "promise": "a new schema must read data of the last version",
  "result": "planned",
  "to": "FULL",
  "before": "BACKWARD",
  "before_from": "global"
}
`},
	} {
		r := i.must(t, append(test.args, "-o", "json")...)
		if diff := cmp.Diff(test.want, strings.ReplaceAll(r.stdout, i.url, "URL")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.args, diff)
		}
	}
	r := i.must(t, "register", file(t, "order.avsc", `"bytes"`), "--subject", "s", "--dry-run", "-o", "json")
	for _, field := range []string{`"result": "planned"`, `"registered_version": null`, `"id": null`, `"latest_version": 1`, `"references": []`, `"compatible": true`} {
		if !strings.Contains(r.stdout, field) {
			t.Errorf("register lacks %s:\n%s", field, r.stdout)
		}
	}
}
