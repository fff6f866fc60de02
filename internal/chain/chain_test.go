package chain_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/internal/chain"
	"faultline/outage"
)

// keyOf makes the key of a test's agent.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func measurement(i int) outage.Measurement {
	return outage.Measurement{
		Attempt: 1, Time: time.Date(2025, 3, 10, 9, 30, i, 123456789, time.UTC), Outcome: outage.OutcomeOK,
		Target: outage.Target{Service: "x", URL: "https://x.example/", Host: "x.example", Address: "192.0.2.7", Port: 443, Family: 4},
		TCP:    &outage.TCP{Span: outage.Span{T0: 0.1, T: 20.333}, Known: true, RTTMS: 1e-7},
		HTTP:   &outage.HTTP{Method: "GET", Status: 200, Title: "Zoë <&> \u2028 ok"},
	}
}

// sealed makes a chain of n records.
func sealed(t testing.TB, key ed25519.PrivateKey, n int) [][]byte {
	t.Helper()
	var out [][]byte
	var head chain.Head
	for i := range n {
		m := measurement(i)
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			t.Fatal(err)
		}
		out, head = append(out, raw), next
	}
	return out
}

func verify(key ed25519.PrivateKey, records [][]byte) []chain.Report {
	v := chain.Verifier{Keys: map[string]ed25519.PublicKey{chain.ID(public(key)): public(key)}}
	for _, r := range records {
		v.Add(r)
	}
	return v.Reports()
}

// edit changes a field of a record without telling its hash.
func edit(t testing.TB, raw []byte, change func(map[string]any)) []byte {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	change(m)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever is done to a chain, the first record that it was done to is named.
func TestManipulations(t *testing.T) {
	key, other := keyOf("one"), keyOf("other")
	resealed := func(t *testing.T, raw []byte, with ed25519.PrivateKey) []byte {
		var m outage.Measurement
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		m.Outcome = outage.OutcomeFail
		agent, before := m.Agent, chain.Head{Sequence: m.Sequence - 1, Hash: m.Previous}
		out, _, err := chain.Seal(&m, before, with)
		if err != nil {
			t.Fatal(err)
		}
		return edit(t, out, func(f map[string]any) { f["agent"] = agent })
	}
	for name, test := range map[string]struct {
		do       func(t *testing.T, r [][]byte) [][]byte
		sequence uint64
		position int
		err      error
	}{
		"untouched": {func(_ *testing.T, r [][]byte) [][]byte { return r }, 0, 0, nil},
		"changed": {func(t *testing.T, r [][]byte) [][]byte {
			r[4] = edit(t, r[4], func(f map[string]any) { f["outcome"] = "fail" })
			return r
		}, 5, 5, chain.ErrChanged},
		"a field removed": {func(t *testing.T, r [][]byte) [][]byte {
			r[0] = edit(t, r[0], func(f map[string]any) { delete(f, "tcp") })
			return r
		}, 1, 1, chain.ErrChanged},
		"a field added": {func(t *testing.T, r [][]byte) [][]byte {
			r[9] = edit(t, r[9], func(f map[string]any) { f["note"] = 1 })
			return r
		}, 10, 10, chain.ErrChanged},
		"changed and hashed again": {func(t *testing.T, r [][]byte) [][]byte {
			r[4] = resealed(t, r[4], other)
			return r
		}, 5, 5, chain.ErrChanged}, // the id was put back after the hash
		"signed by another": {func(t *testing.T, r [][]byte) [][]byte {
			r[4] = edit(t, r[4], func(f map[string]any) {
				f["signature"] = base64.StdEncoding.EncodeToString(ed25519.Sign(other, []byte("x")))
			})
			return r
		}, 5, 5, chain.ErrForged},
		"changed by the agent itself": {func(t *testing.T, r [][]byte) [][]byte {
			r[4] = resealed(t, r[4], key)
			return r
		}, 6, 6, chain.ErrBroken},
		"removed":            {func(_ *testing.T, r [][]byte) [][]byte { return slices.Delete(r, 4, 5) }, 5, 5, chain.ErrRemoved},
		"several removed":    {func(_ *testing.T, r [][]byte) [][]byte { return slices.Delete(r, 4, 8) }, 5, 5, chain.ErrRemoved},
		"the tail cut off":   {func(_ *testing.T, r [][]byte) [][]byte { return r[:7] }, 8, 0, chain.ErrRemoved},
		"all gone":           {func(_ *testing.T, r [][]byte) [][]byte { return nil }, 1, 0, chain.ErrRemoved},
		"the last line torn": {func(_ *testing.T, r [][]byte) [][]byte { r[9] = r[9][:100]; return r }, 10, 0, chain.ErrRemoved},
		"two exchanged":      {func(_ *testing.T, r [][]byte) [][]byte { r[4], r[5] = r[5], r[4]; return r }, 5, 5, chain.ErrMoved},
		"one moved to the end": {func(_ *testing.T, r [][]byte) [][]byte {
			return append(slices.Delete(slices.Clone(r), 4, 5), r[4])
		}, 5, 5, chain.ErrMoved},
		"one repeated": {func(_ *testing.T, r [][]byte) [][]byte { return slices.Insert(r, 5, r[2]) }, 3, 6, chain.ErrRepeated},
		"another put in": {func(t *testing.T, r [][]byte) [][]byte {
			return slices.Insert(r, 5, resealed(t, r[4], key))
		}, 5, 6, chain.ErrInserted},
	} {
		t.Run(name, func(t *testing.T) {
			records := sealed(t, key, 10)
			var last chain.Link
			if err := json.Unmarshal(records[9], &last); err != nil {
				t.Fatal(err)
			}
			v := chain.Verifier{Keys: map[string]ed25519.PublicKey{chain.ID(public(key)): public(key)}}
			for _, r := range test.do(t, records) {
				v.Add(r)
			}
			v.Expect(chain.ID(public(key)), last.Head())
			reports := v.Reports()
			got := reports[len(reports)-1]
			if test.err == nil {
				if got.Break != nil || got.Records != 10 || got.Last != last.Head() {
					t.Errorf("an untouched chain: %+v, %v", got, got.Break)
				}
				return
			}
			if got.Break == nil || !errors.Is(got.Break, test.err) || got.Break.Sequence != test.sequence || got.Break.Position != test.position {
				t.Errorf("found %v, want record %d at %d: %v", got.Break, test.sequence, test.position, test.err)
			}
		})
	}
}

// A record that is no record is named by its position.
func TestUnreadable(t *testing.T) {
	for _, bad := range []string{
		"", "null", "[]", "17", `{"agent":1}`, `{}`, `{"agent":"a","sequence":0}`, `{"agent":"a","sequence":9007199254740992}`,
		`{"agent":"a","sequence":3,"gap":{"first":4}}`, `{"agent":"a","sequence":3,"gap":{}}`,
	} {
		v := chain.Verifier{}
		v.Add([]byte(bad))
		if r := v.Reports(); len(r) != 1 || !errors.Is(r[0].Break, chain.ErrUnreadable) || r[0].Break.Position != 1 {
			t.Errorf("%s: %+v", bad, r)
		}
	}
}

// Names that Go would read as others must not pass: the hash would cover one
// value, and a reader see the other.
func TestNamesInCapitals(t *testing.T) {
	key := keyOf("one")
	raw := sealed(t, key, 1)[0]
	for _, name := range []string{"Received", "LATE", "Outcome", "ſignature"} {
		if _, err := chain.Open(edit(t, raw, func(f map[string]any) { f[name] = "x" }), nil); !errors.Is(err, chain.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the hub adds leaves the record verifiable, and no agent can say it itself.
func TestAdded(t *testing.T) {
	key := keyOf("one")
	raw := sealed(t, key, 1)[0]
	full, err := chain.Added(append(raw, '\n'), 29026650, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chain.Open(full, public(key)); err != nil {
		t.Error(err)
	}
	var m outage.Measurement
	if err := json.Unmarshal(full, &m); err != nil || m.Received != 29026650 || !m.Late || m.Target.Host != "x.example" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := chain.Added(full, 29026650, false); err == nil {
		t.Error("a record that says itself when it was received was taken")
	}
}

// A gap stands for what was lost and lets the chain go on; it needs a signature
// like every other record, so that nobody else can make one.
func TestGap(t *testing.T) {
	key := keyOf("one")
	records := sealed(t, key, 10)
	head := func(i int) chain.Head {
		var l chain.Link
		if err := json.Unmarshal(records[i-1], &l); err != nil {
			t.Fatal(err)
		}
		return l.Head()
	}
	gap := func(after, last chain.Head, k ed25519.PrivateKey) []byte {
		m := outage.Measurement{Outcome: outage.OutcomeSkipped}
		raw, err := chain.SealGap(&m, after, last, outage.GapSpoolFull, k)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, test := range map[string]struct {
		records [][]byte
		lost    uint64
		err     error
	}{
		"in the middle":    {slices.Concat(records[:3], [][]byte{gap(head(3), head(6), key)}, records[6:]), 3, nil},
		"at the beginning": {slices.Concat([][]byte{gap(chain.Head{}, head(6), key)}, records[6:]), 6, nil},
		"overlapping":      {slices.Concat(records[:5], [][]byte{gap(head(3), head(6), key)}, records[6:]), 1, nil},
		"too short":        {slices.Concat(records[:3], [][]byte{gap(head(3), head(5), key)}, records[6:]), 2, chain.ErrRemoved},
		"of another":       {slices.Concat(records[:3], [][]byte{gap(head(3), head(6), keyOf("other"))}, records[6:]), 0, chain.ErrRemoved},
		"backwards":        {slices.Concat(records[:7], [][]byte{gap(head(3), head(6), key)}, records[7:]), 0, chain.ErrInserted},
	} {
		t.Run(name, func(t *testing.T) {
			reports := verify(key, test.records)
			i := slices.IndexFunc(reports, func(r chain.Report) bool { return r.Agent == chain.ID(public(key)) })
			if got := reports[i]; !errors.Is(breakOf(got), test.err) || got.Lost != test.lost {
				t.Errorf("%+v, %v; want %v", got, got.Break, test.err)
			}
		})
	}
	if _, err := chain.SealGap(&outage.Measurement{}, head(5), head(5), outage.GapDamaged, key); err == nil {
		t.Error("a gap that holds nothing was signed")
	}
}

func breakOf(r chain.Report) error {
	if r.Break == nil {
		return nil
	}
	return r.Break.Err
}

// Several agents in one file are followed apart.
func TestSeveralAgents(t *testing.T) {
	one, two := sealed(t, keyOf("one"), 5), sealed(t, keyOf("two"), 5)
	v := chain.Verifier{}
	for i := range one {
		v.Add(one[i])
		if i != 2 {
			v.Add(two[i])
		}
	}
	broken := 0
	for _, r := range v.Reports() {
		if r.Break != nil {
			broken++
			if r.Agent != chain.ID(public(keyOf("two"))) || r.Break.Sequence != 3 {
				t.Errorf("%v", r.Break)
			}
		}
	}
	if broken != 1 {
		t.Errorf("%d of two chains are broken, one was", broken)
	}
	if got := verify(keyOf("one"), two); !errors.Is(got[0].Break, chain.ErrUnknown) {
		t.Errorf("an agent without a key: %+v", got)
	}
}

// A chain that begins late is one whose beginning has aged out.
func TestBeginsLate(t *testing.T) {
	if got := verify(keyOf("one"), sealed(t, keyOf("one"), 9)[4:]); got[0].Break != nil || got[0].First != 5 {
		t.Errorf("%+v, %v", got[0], got[0].Break)
	}
}

func TestPublicKey(t *testing.T) {
	key := public(keyOf("one"))
	if got, err := chain.PublicKey(base64.StdEncoding.EncodeToString(key)); err != nil || !got.Equal(key) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "x", "AAAA", strings.Repeat("A", 1000)} {
		if _, err := chain.PublicKey(bad); err == nil || len(err.Error()) > 250 {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// Nothing that a file may hold makes the verifier fall, and what it opens with a
// key is what the key has signed.
func FuzzOpen(f *testing.F) {
	key := keyOf("one")
	good := sealed(f, key, 1)[0]
	f.Add(good)
	f.Add([]byte(`{"agent":"a","sequence":3,"gap":{"first":1}}`))
	f.Add([]byte(`{"agent":"a","sequence":1,"x":[[[{}]],1e400,"\ud800"]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := chain.Verifier{Keys: map[string]ed25519.PublicKey{chain.ID(public(key)): public(key)}}
		v.Add(raw)
		v.Add(raw)
		v.Reports()
		if _, err := chain.Open(raw, public(key)); err != nil {
			return
		}
		var was, is outage.Measurement
		if json.Unmarshal(good, &was) != nil || json.Unmarshal(raw, &is) != nil {
			t.Fatalf("opened, but not readable: %s", raw)
		}
		is.Received, is.Late = 0, false
		a, _ := json.Marshal(was)
		b, _ := json.Marshal(is)
		if !bytes.Equal(a, b) {
			t.Errorf("the key has signed\n%s\nand this was opened\n%s", a, b)
		}
	})
}

// A sealed record is the JSON of what it was made from, to the byte: hash and signature
// are put behind the rest and not encoded with it.
func TestSealedAsEncoded(t *testing.T) {
	key := keyOf("one")
	var head chain.Head
	for i, title := range []string{"", "Zoë <&> \u2028 ok", "\x00\x1f\"\\\b\t\n\f\r\x7f", "\xff\xfe", "\U0001F600"} {
		m := outage.Measurement{
			Attempt: i, Time: time.Unix(int64(i), 5), Outcome: outage.OutcomeOK,
			TCP:  &outage.TCP{Span: outage.Span{T0: 1e-7, T: -0.5}, RTTMS: 1e21, RTTVarMS: 123456789012345678},
			HTTP: &outage.HTTP{Title: title, BodyBytes: 1<<53 + 1},
			Echo: &outage.Echo{RTTMS: []float64{0, 1, 0.30000000000000004}},
			Path: &outage.Path{Hops: []outage.Hop{}},
		}
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			t.Fatal(err)
		}
		head = next
		if again, err := json.Marshal(&m); err != nil || !bytes.Equal(raw, again) {
			t.Errorf("sealed as\n%s and encoded as\n%s, %v", raw, again, err)
		}
		if _, err := chain.Open(raw, public(key)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	key := keyOf("one")
	for b.Loop() {
		m := measurement(1)
		raw, _, err := chain.Seal(&m, chain.Head{}, key)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := chain.Open(raw, public(key)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	key := keyOf("one")
	for b.Loop() {
		m := measurement(1)
		if _, _, err := chain.Seal(&m, chain.Head{}, key); err != nil {
			b.Fatal(err)
		}
	}
}

// pathChain is a chain whose fourth record knows its way, and that record as a hub
// publishes it: without the router next to the agent.
func pathChain(t *testing.T, key ed25519.PrivateKey) (records [][]byte, published []byte) {
	t.Helper()
	var head chain.Head
	for i := range 6 {
		m := outage.Measurement{Attempt: 1, Time: time.Date(2025, 3, 10, 9, 30, i, 0, time.UTC), Outcome: outage.OutcomeOK}
		if i == 3 {
			m.Path = &outage.Path{Hops: []outage.Hop{{TTL: 1, Address: "192.0.2.1", RTTMS: 1}, {TTL: 2}}}
		}
		raw, next, err := chain.Seal(&m, head, key)
		if err != nil {
			t.Fatal(err)
		}
		records, head = append(records, raw), next
	}
	return records, bytes.Replace(records[3], []byte(`"address":"192.0.2.1",`), nil, 1)
}

// What a hub leaves out of a record with a path breaks no chain that is checked as
// published; nothing else may be explained so.
func TestWithheld(t *testing.T) {
	key, other := keyOf("one"), keyOf("other")
	for name, test := range map[string]struct {
		change func(published []byte) []byte
		strict bool // the hub's own log
		err    error
	}{
		"published": {func(p []byte) []byte { return p }, false, nil},
		"in a log":  {func(p []byte) []byte { return p }, true, chain.ErrChanged},
		"no router is missing": {func(p []byte) []byte {
			return bytes.Replace(p, []byte(`"rtt_ms":1`), []byte(`"address":"192.0.2.9","rtt_ms":1`), 1)
		}, false, chain.ErrChanged},
		"signed by another": {func(p []byte) []byte {
			return edit(t, p, func(f map[string]any) {
				f["signature"] = base64.StdEncoding.EncodeToString(ed25519.Sign(other, []byte("x")))
			})
		}, false, chain.ErrForged},
		"another hash": {func(p []byte) []byte {
			return edit(t, p, func(f map[string]any) { f["hash"] = strings.Repeat("0", 64) })
		}, false, chain.ErrForged},
		"as if it stood for lost ones": {func(p []byte) []byte {
			return edit(t, p, func(f map[string]any) { f["gap"] = map[string]any{"first": 2, "reason": "spool_full"} })
		}, false, chain.ErrChanged},
		"elsewhere in the chain": {func(p []byte) []byte {
			return edit(t, p, func(f map[string]any) { f["previous"] = strings.Repeat("0", 64) })
		}, false, chain.ErrBroken},
	} {
		t.Run(name, func(t *testing.T) {
			records, published := pathChain(t, key)
			records[3] = test.change(published)
			v := chain.Verifier{Keys: map[string]ed25519.PublicKey{chain.ID(public(key)): public(key)}, Published: !test.strict}
			for _, r := range records {
				v.Add(r)
			}
			got := v.Reports()[0]
			if test.err == nil {
				if got.Break != nil || got.Records != 6 || got.Withheld != 1 {
					t.Errorf("a published chain: %+v, %v", got, got.Break)
				}
				return
			}
			if got.Break == nil || !errors.Is(got.Break, test.err) || got.Break.Position != 4 {
				t.Errorf("found %v, want the fourth: %v", got.Break, test.err)
			}
		})
	}
}
