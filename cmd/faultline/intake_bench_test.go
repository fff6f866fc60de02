package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/intake"
	"faultline/internal/stream"
	"faultline/outage"
)

// How BenchmarkIntake sends, and what a hub must take: what twenty of the largest plans
// measure in a minute is less.
const (
	intakeAgents = 4
	intakeBatch  = 500
	intakeFloor  = 500 // measurements a second, the shared machine of the tests included
)

// BenchmarkIntake measures acknowledged durable measurements over HTTP, from agents that
// each send one batch after the other, while every part of the hub follows: the hash and
// the signature of each record are checked, it is in the log, counted by rollup and
// saved for the pages.
func BenchmarkIntake(b *testing.B) {
	w, pages, _ := benchWorld(b)
	h, err := w.handler(pages)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	var batches [intakeAgents][][]byte
	var keys [intakeAgents]ed25519.PrivateKey
	for i := range keys {
		seed := sha256.Sum256(fmt.Appendf(nil, "agent %d", i))
		keys[i] = ed25519.NewKeyFromSeed(seed[:])
		registerBench(b, w, "http://"+l.Addr().String(), keys[i])
		batches[i] = sealBatches(b, keys[i], b.N/intakeAgents)
	}
	b.ResetTimer()
	begin := time.Now()
	var agents sync.WaitGroup
	for i := range keys {
		agents.Go(func() {
			for _, body := range batches[i] {
				postSigned(b, "http://"+l.Addr().String()+agentapi.PathMeasurements, agentapi.ContentType, body, keys[i])
			}
		})
	}
	agents.Wait()
	taken := float64(b.N/intakeAgents*intakeAgents) / time.Since(begin).Seconds()
	waitSaved(b, w, b.N/intakeAgents*intakeAgents)
	b.StopTimer()
	b.ReportMetric(taken, "acknowledged/s")
	b.ReportMetric(float64(b.N/intakeAgents*intakeAgents)/time.Since(begin).Seconds(), "saved/s")
	if b.N >= 10*intakeBatch && taken < intakeFloor {
		b.Errorf("%.0f measurements a second are taken, %d must be", taken, intakeFloor)
	}
}

func registerBench(b *testing.B, w *world, url string, key ed25519.PrivateKey) {
	b.Helper()
	public, _ := key.Public().(ed25519.PublicKey)
	var token string
	for deadline := time.Now().Add(startup); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if token, err = intake.NewToken(filepath.Join(w.dir.Path(), "private"), time.Now(), time.Hour); err == nil {
			break
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
	body, err := json.Marshal(agentapi.Registration{Token: token, PublicKey: base64.StdEncoding.EncodeToString(public)})
	if err != nil {
		b.Fatal(err)
	}
	postSigned(b, url+agentapi.PathAgents, "application/json", body, key)
}

// sealBatches makes the chain of an agent, in bodies as they are sent.
func sealBatches(b *testing.B, key ed25519.PrivateKey, n int) (bodies [][]byte) {
	b.Helper()
	var head chain.Head
	var body bytes.Buffer
	now := time.Now().UTC()
	for i := range n {
		m := outage.Measurement{
			Attempt: 1, Time: now, Outcome: outage.OutcomeOK,
			Target: outage.Target{Service: "x", URL: "https://x.example/", Host: "x.example", Address: "192.0.2.7", Port: 443, Family: 4, Role: outage.RolePrimary},
			TCP:    &outage.TCP{Span: outage.Span{T0: 0.1, T: 20.3}, Known: true, RTTMS: 20.1},
			TLS:    &outage.TLS{Span: outage.Span{T0: 20.3, T: 61}, Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ALPN: "h2"},
			HTTP:   &outage.HTTP{Span: outage.Span{T0: 61, T: 99}, Method: http.MethodGet, Proto: "HTTP/2.0", Status: 200, Title: "fine", BodyBytes: 4096},
		}
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			b.Fatal(err)
		}
		head = next
		body.Write(raw)
		body.WriteByte('\n')
		if (i+1)%intakeBatch == 0 || i+1 == n {
			bodies = append(bodies, bytes.Clone(body.Bytes()))
			body.Reset()
		}
	}
	return bodies
}

// postSigned sends as an agent does, until the hub has taken it.
func postSigned(b *testing.B, url, contentType string, body []byte, key ed25519.PrivateKey) {
	for deadline := time.Now().Add(startup); ; time.Sleep(10 * time.Millisecond) {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			b.Error(err)
			return
		}
		req.Header.Set("Content-Type", contentType)
		agentapi.Sign(req, body, time.Now(), key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Error(err)
			return
		}
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode < 300 {
			return
		}
		if res.StatusCode != http.StatusServiceUnavailable || time.Now().After(deadline) {
			b.Errorf("the hub answers %s: %s", res.Status, answer)
			return
		}
	}
}

// waitSaved waits until project has followed as far as the log goes, and checks that
// everything is there.
func waitSaved(b *testing.B, w *world, want int) {
	b.Helper()
	kept, last := 0, uint64(0)
	err := stream.EachFact(context.Background(), w.log, stream.Measurements.Name, 0, func(r stream.Record) error {
		kept, last = kept+1, r.Seq
		return nil
	})
	if err != nil || kept != want {
		b.Fatalf("%d measurements are in the log, %d were acknowledged, %v", kept, want, err)
	}
	for deadline := time.Now().Add(startup); ; time.Sleep(5 * time.Millisecond) {
		positions, err := w.store.Positions(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if positions[stream.Measurements.Name] >= last {
			return
		}
		if time.Now().After(deadline) {
			b.Fatal("the store does not follow")
		}
	}
}
