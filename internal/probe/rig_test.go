package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"faultline/outage"
)

// Names of the rig's zone, by what is wrong with them.
const (
	nameGood     = "good.example."
	nameMissing  = "missing.example."
	nameServfail = "servfail.example."
	nameEmpty    = "empty.example."
	nameSilent   = "silent.example."
	nameRefused  = "refused.example."
	nameMixed    = "mixed.example." // ::1 has nobody listening, 127.0.0.1 has
	nameMany     = "many.example."
)

// resolver answers for the rig's zone over UDP and TCP; it returns its address.
func resolver(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", pc.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	h := dns.HandlerFunc(answerZone)
	udp, tcp := &dns.Server{PacketConn: pc, Handler: h}, &dns.Server{Listener: l, Handler: h}
	go udp.ActivateAndServe() //nolint:errcheck // it ends when the test does
	go tcp.ActivateAndServe() //nolint:errcheck // as above
	t.Cleanup(func() {
		pc.Close()
		l.Close()
	})
	return pc.LocalAddr().String()
}

// answerZone is the zone.
func answerZone(w dns.ResponseWriter, q *dns.Msg) {
	r := new(dns.Msg)
	r.SetReply(q)
	name, qtype := q.Question[0].Name, q.Question[0].Qtype
	a := func(addr string) {
		if ip := net.ParseIP(addr); ip.To4() != nil && qtype == dns.TypeA {
			r.Answer = append(r.Answer, &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: qtype, Class: dns.ClassINET, Ttl: 60}, A: ip})
		} else if ip.To4() == nil && qtype == dns.TypeAAAA {
			r.Answer = append(r.Answer, &dns.AAAA{Hdr: dns.RR_Header{Name: name, Rrtype: qtype, Class: dns.ClassINET, Ttl: 60}, AAAA: ip})
		}
	}
	if qtype == dns.TypeNS {
		if name == "zone.example." {
			for _, ns := range []string{nameMissing, nameGood} {
				r.Answer = append(r.Answer, &dns.NS{Hdr: dns.RR_Header{Name: name, Rrtype: qtype, Class: dns.ClassINET, Ttl: 60}, Ns: ns})
			}
		}
		w.WriteMsg(r) //nolint:errcheck // who asked has gone
		return
	}
	r.Authoritative = !q.RecursionDesired
	switch name {
	case nameMissing:
		r.Rcode = dns.RcodeNameError
	case nameServfail:
		r.Rcode = dns.RcodeServerFailure
	case nameRefused:
		r.Rcode = dns.RcodeRefused
	case nameEmpty:
	case nameSilent:
		return
	case nameMixed:
		a("::1")
		a("127.0.0.1")
	case nameMany:
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
			r.Truncated = true
			break
		}
		r.Compress = true // or it would not fit
		for i := range 3000 {
			a(fmt.Sprintf("127.%d.%d.1", 1+i/250, i%250))
		}
	default:
		r.AuthenticatedData = true
		a("127.0.0.1")
	}
	w.WriteMsg(r) //nolint:errcheck // who asked has gone
}

// rigLife is how long the rig's certificates hold, where they do: longer than any
// run against it.
const rigLife = 24 * time.Hour

// authority is a certificate authority of the rig.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rig authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(rigLife), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{cert: cert, key: key, pool: x509.NewCertPool()}
	a.pool.AddCert(cert)
	return a
}

// issue makes a certificate for a name that ends at a time.
func (a *authority) issue(t *testing.T, name string, from, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secure serves a handler with a certificate, HTTP/2 and HTTP/1.1.
func secure(t *testing.T, c tls.Certificate, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// listener accepts connections and does something to each.
func listener(t *testing.T, address string, do func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go do(c.(*net.TCPConn))
		}
	}()
	return l.Addr().String()
}

// blackHole is an address on which no connection is ever finished: its queue of
// connections is full and nobody takes them, so the kernel drops what comes.
func blackHole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 2 { // fill the queue
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}
	return address
}

// fault is one way to be broken, and what must be said of it.
type fault struct {
	name    string
	target  string
	health  Health
	layer   outage.Layer
	op      outage.Operation
	failure outage.Failure
}

// pages are the rig's bad answers over plain HTTP.
func pages(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/500":
		http.Error(w, "no", http.StatusInternalServerError)
	case "/503":
		w.Header().Set("Retry-After", "30")
		http.Error(w, "no", http.StatusServiceUnavailable)
	case "/429":
		http.Error(w, "no", http.StatusTooManyRequests)
	case "/403":
		http.Error(w, "no", http.StatusForbidden)
	case "/404":
		http.NotFound(w, r)
	case "/challenge":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<html><head><title>Just a moment...</title></head><body>checking your browser</body></html>")
	case "/blocked":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<title>Access denied</title>Sorry, you have been blocked")
	case "/522":
		w.Header().Set("Cf-Ray", "8a-FRA")
		w.WriteHeader(522)
	case "/stall":
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	case "/truncated":
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte("short"))
	case "/loop":
		http.Redirect(w, r, "/loop2", http.StatusFound)
	case "/loop2":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/heads":
		w.Header().Set("X-Large", strings.Repeat("x", 200<<10))
	case "/elsewhere":
		http.Redirect(w, r, "http://"+strings.TrimSuffix(nameMissing, ".")+"/", http.StatusFound)
	default:
		w.Write([]byte("<title>fine</title>"))
	}
}

// faults builds the rig and lists what is wrong in it.
func faults(t *testing.T, ca *authority) []fault {
	now := time.Now()
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("fine")) })
	plain := httptest.NewServer(http.HandlerFunc(pages))
	t.Cleanup(plain.Close)
	dead := listener(t, "127.0.0.1:0", func(c *net.TCPConn) {
		c.CloseWrite()         //nolint:errcheck // the end of the test comes first
		io.Copy(io.Discard, c) //nolint:errcheck // a close with bytes unread would be a reset
		c.Close()
	})
	reset := listener(t, "127.0.0.1:0", func(c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 1)) //nolint:errcheck // the end comes next
		c.SetLinger(0)                  //nolint:errcheck // as above
		c.Close()
	})
	stalled := listener(t, "127.0.0.1:0", func(c *net.TCPConn) {
		t.Cleanup(func() { c.Close() })
		io.Copy(io.Discard, c) //nolint:errcheck // until the other side has had enough
	})
	// Over HTTP/2 a client would quietly try again where a connection ends before the
	// answer.
	two := ca.issue(t, "good.example", now.Add(-time.Hour), now.Add(rigLife))
	shut := listener(t, "127.0.0.1:0", func(c *net.TCPConn) {
		shaken(c, two).CloseWrite() //nolint:errcheck // the end of the test comes first
		c.CloseWrite()              //nolint:errcheck // as above
		io.Copy(io.Discard, c)      //nolint:errcheck // a close with bytes unread would be a reset
		c.Close()
	})
	torn := listener(t, "127.0.0.1:0", func(c *net.TCPConn) {
		io.ReadFull(shaken(c, two), make([]byte, 1)) //nolint:errcheck // the end comes next
		c.SetLinger(0)                               //nolint:errcheck // as above
		c.Close()
	})
	refused := freePort(t)
	port := func(address string) string {
		_, p, _ := net.SplitHostPort(address)
		return p
	}
	https := func(s *httptest.Server, host string) string {
		return "https://" + host + ":" + port(s.Listener.Addr().String()) + "/"
	}
	good := secure(t, ca.issue(t, "good.example", now.Add(-time.Hour), now.Add(rigLife)), ok)
	expired := secure(t, ca.issue(t, "good.example", now.Add(-2*time.Hour), now.Add(-time.Hour)), ok)
	early := secure(t, ca.issue(t, "good.example", now.Add(rigLife), now.Add(2*rigLife)), ok)
	other := secure(t, ca.issue(t, "other.example", now.Add(-time.Hour), now.Add(rigLife)), ok)
	stranger := secure(t, newAuthority(t).issue(t, "good.example", now.Add(-time.Hour), now.Add(rigLife)), ok)
	name := func(n string) string { return "https://" + strings.TrimSuffix(n, ".") + "/" }
	u := plain.URL
	mixed := httptest.NewServer(ok)
	t.Cleanup(mixed.Close)
	return []fault{
		{"fine", https(good, "good.example"), HealthOK, "", "", ""},
		{"fine in plain", u, HealthOK, "", "", ""},
		{"unknown name", name(nameMissing), HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureNXDOMAIN},
		{"resolver fails", name(nameServfail), HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureSERVFAIL},
		{"resolver refuses", name(nameRefused), HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureDNSRefused},
		{"empty answer", name(nameEmpty), HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureDNSNoAnswer},
		{"resolver silent", name(nameSilent), HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureTimeout},
		{"refused", "http://" + refused + "/", HealthFail, outage.LayerTCP, outage.OperationConnect, outage.FailureRefused},
		{"black hole", "http://" + blackHole(t) + "/", HealthFail, outage.LayerTCP, outage.OperationConnect, outage.FailureTimeout},
		{"reset in the handshake", "https://" + reset + "/", HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureReset},
		{"reset in the request", "http://" + reset + "/", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureReset},
		{"closed at once", "https://" + dead + "/", HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureEOF},
		{"closed after the handshake", "https://good.example:" + port(shut) + "/", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureEOF},
		{"reset after the handshake", "https://good.example:" + port(torn) + "/", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureReset},
		{"stalled handshake", "https://" + stalled + "/", HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureTimeout},
		{"expired", https(expired, "good.example"), HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureCertExpired},
		{"not yet valid", https(early, "good.example"), HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureCertNotYet},
		{"wrong name", https(other, "good.example"), HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureTLSHostname},
		{"unknown authority", https(stranger, "good.example"), HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureTLSAuthority},
		{"no TLS", strings.Replace(u, "http:", "https:", 1), HealthFail, outage.LayerTLS, outage.OperationTLSHandshake, outage.FailureTLSHandshake},
		{"500", u + "/500", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP5xx},
		{"503", u + "/503", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP5xx},
		{"429", u + "/429", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP429},
		{"403", u + "/403", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP403},
		{"404", u + "/404", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTPStatus},
		{"challenge", u + "/challenge", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureChallenge},
		{"block page", u + "/blocked", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureBlockPage},
		{"edge without origin", u + "/522", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureEdgeOrigin},
		{"no first byte", u + "/stall", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureTimeout},
		{"truncated", u + "/truncated", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureTruncatedBody},
		{"endless head", u + "/heads", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureTooLarge},
		{"redirect loop", u + "/loop", HealthFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureRedirectLoop},
		{"redirect to nowhere", u + "/elsewhere", HealthFail, outage.LayerDNS, outage.OperationResolve, outage.FailureNXDOMAIN},
		{"one family broken", "http://mixed.example:" + port(mixed.Listener.Addr().String()) + "/", HealthPartial, outage.LayerTCP, outage.OperationConnect, outage.FailureRefused},
	}
}

// shaken is a connection after the handshake, agreed on HTTP/2.
func shaken(c *net.TCPConn, cert tls.Certificate) *tls.Conn {
	s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	s.Handshake() //nolint:errcheck // what the client makes of it is what is tested
	return s
}

// freePort is an address where nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// rigLimits keep the rig's timeouts short, and far above what a loaded machine needs.
func rigLimits() Limits {
	l := DefaultLimits()
	l.DNS, l.Connect, l.Handshake, l.Answer = 700*time.Millisecond, 700*time.Millisecond, 700*time.Millisecond, 700*time.Millisecond
	return l
}

// TestFaults is the rig: the right layer, operation and word, every time.
func TestFaults(t *testing.T) {
	ca := newAuthority(t)
	p := New("https://faultline.example/probes", WithLimits(rigLimits()), WithRoots(ca.pool), WithResolver(resolver(t)))
	for _, f := range faults(t, ca) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			target, err := ParseTarget(f.target)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					e := Explain(p.Look(t.Context(), Question{Target: target}))
					if e.Health != f.health || e.Layer != f.layer || e.Op != f.op || e.Failure != f.failure {
						t.Errorf("%s %s %s %s: want %s %s %s %s\n%s\n%s", e.Health, e.Layer, e.Op, e.Failure,
							f.health, f.layer, f.op, f.failure, e.Verdict, strings.Join(e.Evidence, "\n"))
					}
					if !e.Failure.Known() || e.Verdict == "" || len(e.Evidence) == 0 {
						t.Errorf("%+v", e)
					}
				})
			}
			wg.Wait()
		})
	}
}
