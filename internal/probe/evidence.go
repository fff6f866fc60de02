package probe

import (
	"fmt"
	"slices"
	"strings"

	"faultline/outage"
)

// evidence says what each measurement saw.
func evidence(list []outage.Measurement) []string {
	var out []string
	said := map[*outage.DNS]bool{}
	for i := range list {
		m := &list[i]
		if m.DNS != nil && !said[m.DNS] {
			said[m.DNS] = true
			out = append(out, "dns   "+dnsLine(m.DNS))
		}
		if m.TCP != nil {
			out = append(out, "tcp   "+tcpLine(m))
		}
		if m.QUIC != nil {
			out = append(out, "quic  "+quicLine(m))
		}
		if m.TLS != nil && m.QUIC == nil {
			out = append(out, "tls   "+tlsLine(m.TLS))
		}
		if m.HTTP != nil && m.HTTP.T > 0 {
			out = append(out, "http  "+httpLine(m))
		}
		if m.Echo != nil {
			out = append(out, "echo  "+echoLine(m))
		}
		if m.Path != nil {
			out = append(out, pathLines(m)...)
		}
	}
	return out
}

func dnsLine(d *outage.DNS) string {
	who := d.Resolver
	if d.Nameserver != "" {
		who = "authoritative " + d.Nameserver
	}
	if d.Failure != "" {
		return fmt.Sprintf("%s: %s after %.0f ms", who, d.Failure, d.Duration())
	}
	var names []string
	for _, a := range d.Answers {
		names = append(names, a.Data)
	}
	signed := ""
	if d.Authenticated {
		signed = ", DNSSEC holds"
	}
	return fmt.Sprintf("%s: %s in %.0f ms%s", who, strings.Join(names, ", "), d.Duration(), signed)
}

func tcpLine(m *outage.Measurement) string {
	t := m.TCP
	to := fmt.Sprintf("%s port %d", m.Target.Address, m.Target.Port)
	again := ""
	if t.Known && t.Retransmits > 0 {
		again = fmt.Sprintf(", SYN sent %d times", t.Retransmits+1)
	}
	if t.Failure != "" {
		return fmt.Sprintf("%s: %s after %.0f ms%s", to, t.Failure, t.Duration(), again)
	}
	return fmt.Sprintf("%s: connected in %.1f ms, round trip %.1f ms%s", to, t.Duration(), t.RTTMS, again)
}

func tlsLine(t *outage.TLS) string {
	text := fmt.Sprintf("%s in %.0f ms", t.Version, t.Duration())
	if t.Failure != "" {
		text = fmt.Sprintf("%s after %.0f ms", t.Failure, t.Duration())
		if t.Alert != 0 {
			text += fmt.Sprintf(", alert %d", t.Alert)
		}
	}
	if c := t.Certificate; c != nil {
		text += fmt.Sprintf("; certificate of %s by %s, valid %s to %s", c.Subject, c.Issuer,
			c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"))
	}
	return text
}

func httpLine(m *outage.Measurement) string {
	h := m.HTTP
	if h.Status == 0 {
		return fmt.Sprintf("%s %s: %s after %.0f ms", h.Method, m.Target.URL, h.Failure, h.Duration())
	}
	text := fmt.Sprintf("%s %s: %s %d, first byte %.0f ms, %d bytes in %.0f ms", h.Method, m.Target.URL, h.Proto, h.Status, h.FirstByte, h.BodyBytes, h.Duration())
	if h.Location != "" {
		text += " -> " + h.Location
	}
	if h.Provider != "" {
		text += fmt.Sprintf("; edge %s %s %s", h.Provider, h.Edge, h.Cache)
	}
	if h.BodyClass != "" && h.BodyClass != outage.BodyOK {
		text += "; " + string(h.BodyClass)
	}
	return strings.TrimRight(text, " ")
}

func quicLine(m *outage.Measurement) string {
	to := fmt.Sprintf("%s port %d", m.Target.Address, m.Target.Port)
	if m.QUIC.Failure != "" {
		return fmt.Sprintf("%s: %s after %.0f ms", to, m.QUIC.Failure, m.QUIC.Duration())
	}
	return fmt.Sprintf("%s: version %s in %.0f ms", to, m.QUIC.Version, m.QUIC.Duration())
}

func echoLine(m *outage.Measurement) string {
	e := m.Echo
	if e.Failure != "" && e.Sent == 0 {
		return fmt.Sprintf("%s: not tried, %s", m.Target.Address, e.Failure)
	}
	text := fmt.Sprintf("%s: %d of %d came back", m.Target.Address, e.Received, e.Sent)
	if len(e.RTTMS) > 0 {
		text += fmt.Sprintf(", fastest %.1f ms", slices.Min(e.RTTMS))
	}
	return text
}

func pathLines(m *outage.Measurement) []string {
	if m.Outcome == outage.OutcomeSkipped {
		return []string{"path  not walked: " + string(m.Failure)}
	}
	var out []string
	for _, h := range m.Path.Hops {
		who := h.Address
		if who == "" {
			out = append(out, fmt.Sprintf("path  %2d  *", h.TTL))
			continue
		}
		out = append(out, fmt.Sprintf("path  %2d  %s  %.1f ms", h.TTL, who, h.RTTMS))
	}
	return out
}
