package probe

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"

	"faultline/outage"
)

// trust verifies chains of certificates, and remembers those that held: their
// signatures are the dearest part of an attempt at a service that has not changed since
// the last one, and hold for as long as their dates do. What did not hold is verified
// again each time.
type trust struct {
	roots *x509.CertPool // nil: the system's

	mu   sync.Mutex
	held map[[sha256.Size]byte]validity // by the chain as it was shown, and the name
}

// validity is when all certificates of a chain are valid.
type validity struct{ from, until time.Time }

// maxHeld bounds the chains that are remembered: a plan of as many targets has that
// many at most. Beyond it all are verified again.
const maxHeld = 20_000

// verify says what is wrong with a chain.
func (t *trust) verify(chain []*x509.Certificate, host string, now time.Time) outage.Failure {
	key := chainKey(chain, host)
	t.mu.Lock()
	known, ok := t.held[key]
	t.mu.Unlock()
	if ok && !now.Before(known.from) && !now.After(known.until) {
		return ""
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	chains, err := chain[0].Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, DNSName: host, CurrentTime: now})
	if err == nil && len(chains) > 0 {
		t.keep(key, chains[0])
	}
	return certificateFailure(err, now)
}

func (t *trust) keep(key [sha256.Size]byte, chain []*x509.Certificate) {
	v := validity{chain[0].NotBefore, chain[0].NotAfter}
	for _, c := range chain[1:] {
		if c.NotBefore.After(v.from) {
			v.from = c.NotBefore
		}
		if c.NotAfter.Before(v.until) {
			v.until = c.NotAfter
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil || len(t.held) >= maxHeld {
		t.held = map[[sha256.Size]byte]validity{}
	}
	t.held[key] = v
}

// chainKey stands for a chain and the name that it is shown for. Each certificate
// carries its own length, so no two chains read the same.
func chainKey(chain []*x509.Certificate, host string) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, c := range chain {
		h.Write(c.Raw)
	}
	h.Write([]byte("\x00" + host)) // no certificate begins with a zero
	h.Sum(key[:0])
	return key
}
