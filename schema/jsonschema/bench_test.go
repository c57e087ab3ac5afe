package jsonschema_test

import "testing"

// BenchmarkParseAndCheck is what checking one file against one version costs.
func BenchmarkParseAndCheck(b *testing.B) {
	writer := object(`"id":{"type":"integer"},"customer":{"$ref":"#/definitions/c"},"lines":{"type":"array","items":{"type":"object","properties":{"sku":{"type":"string","maxLength":10}}}}`, `,"definitions":{"c":{"type":"object","properties":{"name":{"type":["string","null"]}}}}`)
	b.ReportAllocs()
	for b.Loop() {
		check(b, parse(b, writer), parse(b, writer))
	}
}
