package probe

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// names that point into each other, or at themselves, as no server would write them.
func loops(question []byte) map[string][]byte {
	self := []byte{0xc0, 12} // at the name of the question
	answer := func(name, data []byte) []byte {
		out := append([]byte{}, name...)
		out = append(out, 0, 5, 0, 1, 0, 0, 0, 60, byte(len(data)>>8), byte(len(data)))
		return append(out, data...)
	}
	at := byte(12 + len(question))
	return map[string][]byte{
		"a name that points at itself":      answer([]byte{0xc0, at}, self),
		"two that point at each other":      answer([]byte{0xc0, at + 2, 0xc0, at}, self),
		"an alias that points at itself":    answer(self, []byte{0xc0, at + 12}),
		"a pointer beyond the end":          answer([]byte{0xff, 0xff}, self),
		"a label that grows with each jump": answer(append([]byte{1, 'a'}, 0xc0, at), self),
	}
}

// A resolver whose answers lead in circles costs a look no more than one that is silent.
func TestCompressionLoops(t *testing.T) {
	pc, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	var asked atomic.Value // the kind
	go func() {
		for buf := make([]byte, 1500); ; {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12
			for end < n && buf[end] != 0 {
				end += int(buf[end]) + 1
			}
			end += 5 // the root, type and class
			question := buf[12:end]
			out := append([]byte{buf[0], buf[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, question...)
			out = append(out, loops(question)[asked.Load().(string)]...)
			if _, err := pc.WriteTo(out, from); err != nil {
				return
			}
		}
	}()
	limits := rigLimits()
	limits.DNS = 300 * time.Millisecond
	p := New("", WithLimits(limits), WithResolver(pc.LocalAddr().String()))
	for kind := range loops(make([]byte, 20)) {
		asked.Store(kind)
		begin := time.Now()
		d, addrs := p.Resolve(context.WithoutCancel(t.Context()), begin, "loop.example", SystemResolver)
		if len(addrs) > 0 || d.Failure == "" || !d.Failure.Known() || len(d.Answers) > 32 {
			t.Errorf("%s: %d addresses, %d answers, %q", kind, len(addrs), len(d.Answers), d.Failure)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: it took %s", kind, took)
		}
	}
}
