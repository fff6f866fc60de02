package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/chain"
	"faultline/outage"
)

// sealedLines is a chain of n records as a file would hold it, and the key.
func sealedLines(t *testing.T, n int) (lines [][]byte, public string) {
	t.Helper()
	seed := sha256.Sum256([]byte(t.Name()))
	key := ed25519.NewKeyFromSeed(seed[:])
	var head chain.Head
	for i := range n {
		m := outage.Measurement{Attempt: 1, Time: time.Date(2025, 3, 10, 9, 30, i, 0, time.UTC), Outcome: outage.OutcomeOK}
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			t.Fatal(err)
		}
		lines, head = append(lines, raw), next
	}
	return lines, base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
}

// answer is what a hub's API answers with.
func answer(lines [][]byte) []byte {
	return fmt.Appendf(nil, `{"total":%d,"measurements":[%s],"next":"1-2"}`, len(lines), bytes.Join(lines, []byte(",")))
}

// The command names the first record that somebody has touched.
func TestVerifyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "measurements.jsonl")
	lines, key := sealedLines(t, 20)
	list := filepath.Join(t.TempDir(), "agents.jsonl")
	var last chain.Link
	if err := json.Unmarshal(lines[19], &last); err != nil {
		t.Fatal(err)
	}
	agents := fmt.Appendf(nil, `{"id":%q,"public_key":%q,"sequence":20,"head":%q}`, last.Agent, key, last.Hash)
	if err := os.WriteFile(list, agents, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		lines [][]byte
		args  []string
		code  int
		says  string
	}{
		"whole":                 {lines, []string{"--key", key}, exitOK, "20 records, 1 to 20\n"},
		"unsigned":              {lines, nil, exitOK, "signatures not checked"},
		"part":                  {lines[5:], []string{"--key", key}, exitOK, "15 records, 6 to 20"},
		"removed":               {append(append([][]byte{}, lines[:7]...), lines[8:]...), []string{"--key", key}, exitError, "record 8, at position 8, is missing"},
		"changed":               {append(append([][]byte{}, lines[:7]...), bytes.Replace(lines[7], []byte(`"ok"`), []byte(`"fail"`), 1)), nil, exitError, "record 8, at position 8, was changed"},
		"torn":                  {append(append([][]byte{}, lines[:7]...), lines[7][:50]), nil, exitError, "position 8"},
		"listed":                {lines, []string{"--agents", list}, exitOK, "20 records, 1 to 20\n"},
		"cut off":               {lines[:15], []string{"--agents", list}, exitError, "record 16, at the end, is missing"},
		"no list":               {lines, []string{"--agents", file}, exitError, "the hub lists it"},
		"nothing":               {nil, nil, exitError, "no records"},
		"bad key":               {lines, []string{"--key", "x"}, exitError, "public key"},
		"too long":              {[][]byte{bytes.Repeat([]byte("x"), maxLine+1)}, nil, exitError, "at most"},
		"other key":             {lines, []string{"--key", base64.StdEncoding.EncodeToString(make([]byte, 32))}, exitError, "not known"},
		"other only":            {lines, []string{"--agent", "nobody"}, exitError, "no records"},
		"answers":               {[][]byte{answer(lines[:12]), answer(lines[12:])}, []string{"--agents", list}, exitOK, "20 records, 1 to 20\n"},
		"an answer without one": {[][]byte{answer(lines[:12]), answer(lines[13:])}, []string{"--key", key}, exitError, "record 13, at position 13, is missing"},
		"an empty answer":       {[][]byte{answer(nil)}, nil, exitError, "no records"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, bytes.Join(test.lines, []byte("\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, said := runHere(t, append([]string{"verify", file}, test.args...)...)
			if code != test.code || !strings.Contains(out+said, test.says) {
				t.Errorf("exit %d, want %d and %q:\n%s%s", code, test.code, test.says, out, said)
			}
		})
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(bytes.Join(lines, []byte("\n"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, said := runHere(t, "verify", file, "--key", key); code != exitOK || !strings.Contains(out, "20 records, 1 to 20\n") {
		t.Errorf("gzip: exit %d: %s%s", code, out, said)
	}
	if code, _, said := runHere(t, "verify"); code != exitError || !strings.Contains(said, "--data") {
		t.Errorf("nothing to verify: exit %d, %s", code, said)
	}
}
