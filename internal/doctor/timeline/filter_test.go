package timeline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTheFilterFindsWhatContainsFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var ids []identity
		for range 1 + rng.IntN(20) {
			text := make([]byte, 1+rng.IntN(40))
			for i := range text {
				text[i] = "abcdef0123456789-"[rng.IntN(17)]
			}
			ids = append(ids, newIdentity(string(text), Asked))
		}
		if round%2 == 0 { // long ones only, so that the window is wide
			ids = []identity{newIdentity("0af7651916cd43dd8448eb211c80319c", Asked), newIdentity("order-7-000012", Key)}
		}
		f := newFilter(ids)
		for range 50 {
			data := make([]byte, rng.IntN(300))
			for i := range data {
				data[i] = "abcdef0123456789-"[rng.IntN(17)]
			}
			if rng.IntN(2) == 0 {
				forms := ids[rng.IntN(len(ids))].forms()
				at := rng.IntN(len(data) + 1)
				data = bytes.Join([][]byte{data[:at], forms[rng.IntN(len(forms))], data[at:]}, nil)
			}
			want := false
			for i := range ids {
				for _, form := range ids[i].forms() {
					want = want || bytes.Contains(data, form)
				}
			}
			if got := f.has(data); got != want {
				t.Fatalf("%v in %q: %v, want %v", ids, data, got, want)
			}
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	data := []byte(strings.Repeat(`{"orderId":"order-1-000001","amount":12.5,"items":["sku-1","sku-2"],"at":1772452800000}`, 12_000))
	for _, n := range []int{1, 8, 64} {
		var ids []identity
		for i := range n {
			ids = append(ids, newIdentity(fmt.Sprintf("%08x-0000-4000-8000-%012x", i*7919, i*104729), EventID))
		}
		ids = append(ids, newIdentity("order-7-000012", Key))
		f := newFilter(ids)
		b.Run(fmt.Sprint(n+1), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for range b.N {
				if f.has(data) {
					b.Fatal("found")
				}
			}
		})
	}
}
