package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/geo"
	"faultline/internal/httpd"
	"faultline/outage"
)

// secure refuses what came in the clear over a network: what an agent says could be
// read and held back on the way, and its registration taken over. Loopback is no
// network, and a proxy that is trusted has ended TLS itself; one that nobody has
// declared is a network.
func (in *Intake) secure(r *http.Request) error {
	conn, err := netip.ParseAddrPort(r.RemoteAddr)
	if r.TLS != nil {
		return nil
	}
	proto := r.Header.Get("X-Forwarded-Proto")
	if err == nil && (proto == "" || strings.EqualFold(proto, "https")) {
		addr := conn.Addr().Unmap()
		for _, p := range in.TrustedHops {
			if p.Contains(addr) {
				return nil
			}
		}
		if addr.IsLoopback() && proto == "" && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" {
			return nil
		}
	}
	return &refusal{status: http.StatusForbidden, detail: "agents speak to this hub by TLS, or from its own machine: use https, and name the proxy that ends TLS with --trusted-hops"}
}

// caller is an agent whose request is signed, with the request's body.
type caller struct {
	*entry
	body []byte
}

// authenticate reads the body and checks who sent it.
func (in *Intake) authenticate(w http.ResponseWriter, r *http.Request, limit int64) (caller, error) {
	if err := in.secure(r); err != nil {
		return caller{}, err
	}
	if !in.ready.Load() {
		return caller{}, errStarting
	}
	body, err := readBody(w, r, limit)
	if err != nil {
		return caller{}, err
	}
	e := in.book.find(r.Header.Get(agentapi.HeaderAgent))
	if e == nil {
		if r.Header.Get(agentapi.HeaderSignature) == "" {
			return caller{}, &refusal{status: http.StatusUnauthorized, detail: agentapi.ErrUnsigned.Error()}
		}
		return caller{}, &refusal{status: http.StatusUnauthorized, detail: fmt.Sprintf("agent %.40q is not registered here: register it with a token", r.Header.Get(agentapi.HeaderAgent))}
	}
	if err := agentapi.Check(r, body, in.Clock.Now(), e.key); err != nil {
		return caller{}, &refusal{status: http.StatusUnauthorized, detail: err.Error()}
	}
	if now := in.book.get(e); now.Revoked != 0 {
		return caller{}, revoked(&now)
	}
	in.book.heard(e, outage.MinuteOf(in.Clock.Now()), offset(r), in.network(r))
	return caller{e, body}, nil
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("the body has more than %d bytes: send it in parts", limit)}
	}
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, detail: "read the body: " + err.Error()}
	}
	return body, nil
}

// offset is what the agent says of its clock.
func offset(r *http.Request) outage.Clock {
	ms, err := strconv.ParseFloat(r.Header.Get(agentapi.HeaderOffset), 64)
	if err != nil || math.IsNaN(ms) || math.IsInf(ms, 0) {
		return outage.Clock{}
	}
	return outage.Clock{OffsetMS: ms, Synced: true}
}

// network that a request comes from; the address goes no further.
func (in *Intake) network(r *http.Request) string {
	addr := httpd.ClientAddr(r, in.TrustedHops)
	if in.Places == nil || !addr.IsValid() {
		return ""
	}
	if asn := in.Places.Lookup(addr).ASN; asn != 0 {
		return geo.NetworkName(asn)
	}
	return ""
}

// tellTime lets the agent know how far its clock is off, whatever the answer.
func (in *Intake) tellTime(w http.ResponseWriter) {
	w.Header().Set(agentapi.HeaderTime, in.Clock.Now().UTC().Format(time.RFC3339Nano))
}

func (in *Intake) answer(w http.ResponseWriter, status int, body any) {
	in.tellTime(w)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the agent may have gone; what was saved is saved
}

// refuse answers an error: mistakes of the sender are its own, all else means that
// nothing was saved and that it may try again.
func (in *Intake) refuse(w http.ResponseWriter, e *entry, err error) {
	in.tellTime(w)
	in.Metrics.refused(err)
	var bad *refusal
	if !errors.As(err, &bad) {
		w.Header().Set("Retry-After", "5")
		httpd.WriteProblem(w, http.StatusServiceUnavailable, "nothing was saved: "+err.Error())
		return
	}
	if bad.revoked {
		w.Header().Set(agentapi.HeaderRevoked, "1")
	}
	if bad.sequence != 0 {
		w.Header().Set(agentapi.HeaderSequence, strconv.FormatUint(bad.sequence, 10))
	}
	if bad.head && e != nil {
		in.book.mu.Lock()
		h := e.head()
		in.book.mu.Unlock()
		w.Header().Set(agentapi.HeaderHead, fmt.Sprintf("%d %s", h.Sequence, h.Hash))
	}
	httpd.WriteProblem(w, bad.status, bad.detail)
}
