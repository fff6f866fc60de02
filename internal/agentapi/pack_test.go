package agentapi_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/outage"
)

// typical is the n-th measurement of an agent that looks at some services with two
// addresses each.
func typical(n int) outage.Measurement {
	host := fmt.Sprintf("www.service%d.example", n/2%20)
	at := now.Add(time.Duration(n) * 1500 * time.Millisecond)
	span := func(from, to float64) outage.Span { return outage.Span{T0: from, T: to + float64(n%97)/7} }
	return outage.Measurement{
		Attempt: 1, Time: at, Vantage: outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball, Resolver: "system"},
		Clock:  outage.Clock{OffsetMS: 1.25, Synced: true},
		Target: outage.Target{Service: fmt.Sprintf("service%d", n/2%20), URL: "https://" + host + "/", Host: host, Address: fmt.Sprintf("192.0.2.%d", n%40), Port: 443, Family: 4, Role: outage.RolePrimary},
		DNS: &outage.DNS{
			Span: span(0.01, 4), Resolver: "system", Transport: "udp", Rcode: "NOERROR",
			Answers: []outage.Answer{{Type: "A", Data: fmt.Sprintf("192.0.2.%d", n%40), TTL: uint32(n % 300)}, {Type: "A", Data: fmt.Sprintf("192.0.2.%d", n%40^1), TTL: uint32(n % 300)}},
		},
		TCP: &outage.TCP{Span: span(4, 21), Known: true, RTTMS: 16.7 + float64(n%13)/9, RTTVarMS: 8.1},
		TLS: &outage.TLS{Span: span(21, 45), Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ALPN: "h2", Certificate: &outage.Certificate{
			SHA256: fmt.Sprintf("%064x", n/2%20*7919), Subject: host, Issuer: "Example Authority R3", NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 2, 0), Names: []string{host, host[4:]}, NameMatch: true, Chain: 2,
		}},
		HTTP: &outage.HTTP{Span: span(45, 90), FirstByte: 40.5 + float64(n%31)/3, Method: "GET", Proto: "HTTP/2.0", Status: 200, Server: "nginx", BodyBytes: int64(10_000 + n*37%5000), BodySHA256: fmt.Sprintf("%064x", n*104729), BodyClass: outage.BodyOK, Title: "Service " + host},

		Outcome: outage.OutcomeOK, Budget: outage.Budget{TimeoutMS: 10_000, Bytes: 1 << 20},
	}
}

// batchOf is a batch of n of them, sealed.
func batchOf(t testing.TB, n int) []byte {
	t.Helper()
	var records [][]byte
	var head chain.Head
	var key ed25519.PrivateKey = keyOf("one")
	for i := range n {
		m := typical(i)
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			t.Fatal(err)
		}
		records, head = append(records, raw), next
	}
	return bytes.Join(records, []byte("\n"))
}

func packer(t testing.TB) *agentapi.Packer {
	t.Helper()
	p, err := agentapi.NewPacker()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A batch comes back as it was, in less than a third of its size: hashes and
// signatures cannot be packed.
func TestPack(t *testing.T) {
	body := batchOf(t, 1000)
	packed := packer(t).Pack(body)
	back, err := agentapi.Unpack(packed)
	if err != nil || !bytes.Equal(back, body) {
		t.Fatalf("%d bytes came back, %v, want %d", len(back), err, len(body))
	}
	t.Logf("1,000 measurements: %d bytes, packed %d", len(body), len(packed))
	if 3*len(packed) > len(body) {
		t.Errorf("%d of %d bytes are left", len(packed), len(body))
	}
}

// What unpacks to more than a batch may have is refused, and costs no more than one.
func TestBomb(t *testing.T) {
	large, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	bomb := large.EncodeAll(make([]byte, 1<<30), nil)
	wide, err := zstd.NewWriter(nil, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := agentapi.Unpack(bomb); !errors.Is(err, agentapi.ErrLarge) {
		t.Errorf("a gibibyte in %d bytes: %v", len(bomb), err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 8*agentapi.MaxBody {
		t.Errorf("it cost %d bytes", cost)
	}
	var asked bytes.Buffer
	wide.Reset(&asked)
	if _, err := wide.Write(make([]byte, 65<<20)); err != nil || wide.Close() != nil {
		t.Fatal(err)
	}
	if _, err := agentapi.Unpack(asked.Bytes()); !errors.Is(err, agentapi.ErrPacked) {
		t.Errorf("a window of 64 MiB: %v", err)
	}
	for _, bad := range []string{"hello", "\x28\xb5\x2f\xfd", ""} {
		if body, err := agentapi.Unpack([]byte(bad)); err != nil && !errors.Is(err, agentapi.ErrPacked) || len(body) > 0 {
			t.Errorf("%q: %q, %v", bad, body, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	m := typical(1)
	raw, err := json.Marshal(&m)
	if err != nil {
		f.Fatal(err)
	}
	packed := packer(f).Pack(raw)
	f.Add(packed)
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := agentapi.Unpack(b)
		if len(body) > agentapi.MaxBody || err != nil && !errors.Is(err, agentapi.ErrPacked) && !errors.Is(err, agentapi.ErrLarge) {
			t.Errorf("%d bytes, %v", len(body), err)
		}
	})
}

// BenchmarkPack says what packing costs, beside gzip.
func BenchmarkPack(b *testing.B) {
	body := batchOf(b, 1000)
	b.Run("zstd", func(b *testing.B) {
		p := packer(b)
		var packed []byte
		for b.Loop() {
			packed = p.Pack(body)
		}
		b.ReportMetric(float64(len(body)), "plain-bytes")
		b.ReportMetric(float64(len(packed)), "packed-bytes")
	})
	b.Run("gzip", func(b *testing.B) {
		var out bytes.Buffer
		for b.Loop() {
			out.Reset()
			z := gzip.NewWriter(&out)
			if _, err := z.Write(body); err != nil || z.Close() != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(out.Len()), "packed-bytes")
	})
	b.Run("unpack", func(b *testing.B) {
		packed := packer(b).Pack(body)
		for b.Loop() {
			if _, err := agentapi.Unpack(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
