package attempts

import (
	"net/url"
	"path"
	"strings"
	"time"

	"faultline/internal/judge"
	"faultline/outage"
)

// Look is what sort of look an attempt is.
type Look string

// Looks.
const (
	LookFront   Look = "front"   // the first page, or the first step of a journey
	LookDynamic Look = "dynamic" // a later step or another page
	LookStatic  Look = "static"  // media and what else needs no login and no database
	LookHop     Look = "hop"     // a redirect on the way to one of those
	LookName    Look = "name"    // a look-up alone
	LookEcho    Look = "echo"
	LookTrace   Look = "trace"
	LookQUIC    Look = "quic"
)

// Spot is what attempts are told apart by.
type Spot struct {
	Agent   string `json:"agent"`
	Address string `json:"address,omitempty"`
	Family  int    `json:"family,omitempty"`
	Look    Look   `json:"look"`
	Step    string `json:"step,omitempty"` // journey and step, or path of a page
	Variant string `json:"variant,omitempty"`
}

// Whole says whether a look is what a person's request could be.
func (s *Spot) Whole() bool {
	switch s.Look {
	case LookFront, LookDynamic, LookStatic, LookHop:
		return true
	}
	return false
}

// maxStep bounds the name of a step; of a longer one the end is not told apart.
const maxStep = 80

// spotOf says where an attempt belongs.
func spotOf(m *outage.Measurement) Spot {
	s := Spot{Agent: m.Agent, Address: m.Target.Address, Family: m.Target.Family, Variant: m.Target.Variant}
	switch {
	case m.Echo != nil:
		s.Look = LookEcho
	case m.Path != nil:
		s.Look = LookTrace
	case m.QUIC != nil && m.TCP == nil:
		s.Look = LookQUIC
	case m.DNS != nil && m.TCP == nil && m.TLS == nil && m.HTTP == nil && m.Journey == nil && m.Target.Journey == "":
		s.Look, s.Step = LookName, m.DNS.Resolver
	default:
		s.Look, s.Step = lookOf(m)
	}
	// A path may hold any bytes, and a state that is saved holds text alone.
	s.Step = strings.ToValidUTF8(s.Step[:min(len(s.Step), maxStep)], "?")
	return s
}

// lookOf sorts pages and steps.
func lookOf(m *outage.Measurement) (Look, string) {
	place := ""
	if u, err := url.Parse(m.Target.URL); err == nil {
		place = u.Path
	}
	t := &m.Target
	switch {
	case t.Journey == "" && m.HTTP != nil && m.HTTP.Hop > 0:
		return LookHop, ""
	case t.Journey == "" && static(place):
		return LookStatic, place
	case t.Journey == "" && (place == "" || place == "/"):
		return LookFront, ""
	case t.Journey == "":
		return LookDynamic, place
	}
	step := t.Journey + "/" + t.Step
	switch {
	case m.Journey == nil:
		return LookHop, step
	case static(t.Step) || static(place):
		return LookStatic, step
	case m.Journey.Order <= 1:
		return LookFront, step
	}
	return LookDynamic, step
}

// static guesses from a name or a path whether it is of something that an edge keeps.
func static(name string) bool {
	name = strings.ToLower(name)
	switch path.Ext(name) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".css", ".js", ".mp4", ".webm", ".woff2", ".bin":
		return true
	}
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch strings.TrimSuffix(w, "s") {
		case "media", "image", "img", "photo", "picture", "video", "static", "asset", "avatar", "thumbnail", "font", "icon", "logo":
			return true
		}
	}
	return false
}

// take adds an attempt to its bin. fresh says that its look-up is not one that another
// attempt has told already.
func (b *Bin) take(m *outage.Measurement, s *Spot, at time.Time, fresh bool) {
	if m.TCP != nil {
		b.connect(m.TCP)
	}
	if m.Attempt > 1 {
		b.add(Retried, 1)
		return
	}
	if m.DNS != nil && fresh {
		b.lookUp(m.DNS)
	}
	switch s.Look {
	case LookName:
		if m.DNS.Nameserver == "" && judge.Failed(m) {
			// Nothing could be tried because the name did not resolve: that is an attempt.
			b.whole(m, at)
		}
	case LookEcho:
		b.add(EchoSent, m.Echo.Sent)
		b.add(EchoLost, m.Echo.Sent-m.Echo.Received)
	case LookTrace:
		b.trace(m.Path)
	case LookQUIC:
		b.layer(m, outage.LayerQUIC)
	default:
		b.whole(m, at)
		b.answer(m)
	}
}

func (b *Bin) connect(t *outage.TCP) {
	b.add(Connects, 1)
	if t.Failure == "" {
		ms := t.Duration()
		if t.Known && t.Retransmits > 0 && t.RTTMS > 0 {
			ms = t.RTTMS // the connect took the seconds of its timer, too
		}
		b.add(timeCode(TimeConnect, ms), 1)
		if t.Retransmits == 0 {
			b.add(Clean, 1)
		}
	}
	if !t.Known {
		return
	}
	lost := t.Retransmits
	if t.Failure == outage.FailureTimeout {
		lost++ // the last one was not answered either
	}
	b.add(SYNSent, t.Retransmits+1)
	b.add(SYNRepeated, t.Retransmits)
	b.add(SYNLost, lost)
}

func (b *Bin) lookUp(d *outage.DNS) {
	tried, failed := Looked, LookFailed
	if d.Nameserver != "" {
		tried, failed = ZoneLooked, ZoneFailed
	}
	b.add(tried, 1)
	if d.Failure != "" {
		b.add(failed, 1)
		if d.Nameserver == "" {
			b.add(Word(outage.LayerDNS, d.Failure), 1)
		}
		return
	}
	if d.Nameserver == "" {
		b.add(timeCode(TimeName, d.Duration()), 1)
	}
}

// layer counts that an attempt came to a layer, and whether it failed there.
func (b *Bin) layer(m *outage.Measurement, l outage.Layer) {
	b.add(Reached(l), 1)
	if m.Layer == l && judge.Failed(m) {
		b.add(Fell(l), 1)
		if l != outage.LayerDNS { // look-ups count their own
			b.add(Word(l, m.Failure), 1)
		}
	}
}

// whole counts an attempt as tried, with the layers that it came to.
func (b *Bin) whole(m *outage.Measurement, at time.Time) {
	slot := at.Second() / SlotSeconds
	b.add(Tried, 1)
	b.add(SlotTried(slot), 1)
	if judge.Failed(m) {
		b.add(Failed, 1)
		b.add(SlotFailed(slot), 1)
		b.FirstFail = min(b.FirstFail, uint8(at.Second()))
	} else if b.LastFine == None || int(b.LastFine) < at.Second() {
		b.LastFine = uint8(at.Second())
	}
	came := [layerCount]bool{m.DNS != nil, false, m.TCP != nil, m.TLS != nil, m.QUIC != nil, m.HTTP != nil, m.Journey != nil && m.HTTP != nil && m.HTTP.Status != 0}
	if i := layerIndex(m.Layer); i >= 0 {
		came[i] = true
	}
	for i, l := range layers {
		if came[i] {
			b.layer(m, l)
		}
	}
}

func (b *Bin) trace(p *outage.Path) {
	b.add(Traces, 1)
	last := 0
	for _, h := range p.Hops {
		if h.Address != "" {
			last = max(last, h.TTL)
		}
	}
	if p.Reached {
		b.add(Traced, 1)
		b.add(Length(last), 1)
		return
	}
	b.add(End(last), 1)
}

// answer counts what came of a request.
func (b *Bin) answer(m *outage.Measurement) {
	h := m.HTTP
	if h == nil || h.T <= h.T0 {
		return
	}
	failed := judge.Failed(m)
	if h.Status == 0 {
		if failed && m.Layer == outage.LayerHTTP {
			b.add(NoAnswer, 1)
		}
		return
	}
	b.add(Answers, 1)
	if code, ok := Body(h.BodyClass); ok {
		b.add(code, 1)
	}
	first := h.FirstByte
	if first <= 0 {
		first = h.Duration()
	}
	if failed {
		b.add(BadAnswer, 1)
		b.add(Status(h.Status), 1)
		if h.RetryAfter != "" {
			b.add(ComeAgain, 1)
		}
		b.add(timeCode(TimeError, first), 1)
		return
	}
	b.add(timeCode(TimeFirstByte, first), 1)
	if m.TCP != nil && m.TCP.RTTMS > 0 {
		b.add(timeCode(TimeServer, max(first-m.TCP.RTTMS, 0)), 1)
	}
}
