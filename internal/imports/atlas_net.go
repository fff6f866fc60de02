package imports

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"faultline/outage"
)

// atlasPing are the counts of a ping; its replies are in result.
type atlasPing struct {
	Sent     *int    `json:"sent"`
	Received int     `json:"rcvd"`
	Average  float64 `json:"avg"`
	Least    float64 `json:"min"`
	Most     float64 `json:"max"`
}

// maxReplies of one ping are kept; Atlas sends at most 16.
const maxReplies = 64

func (a *atlas) ping() error {
	if a.Sent == nil {
		return errors.New("sent is missing: a ping says how many packets it sent")
	}
	m := a.base
	e := &outage.Echo{Sent: *a.Sent, Received: a.Received}
	var replies []struct {
		RTT       *float64        `json:"rtt"`
		Error     string          `json:"error"`
		Duplicate json.RawMessage `json:"dup"`
	}
	if len(a.Result) > 0 { // the first firmware gave the sums alone
		if err := a.result(&replies); err != nil {
			return err
		}
	} else if a.Received > 0 {
		e.RTTMS = []float64{millis(a.Least), millis(a.Average), millis(a.Most)}
	}
	var said string
	for _, r := range replies {
		if r.RTT != nil && len(r.Duplicate) == 0 && len(e.RTTMS) < maxReplies {
			e.RTTMS = append(e.RTTMS, millis(*r.RTT))
		}
		said = or(said, r.Error)
	}
	switch {
	case e.Received > 0:
	case said != "":
		e.Failure = look(socketPhrases, said)
	default:
		e.Failure = outage.FailureTimeout
	}
	for _, rtt := range e.RTTMS {
		e.T = max(e.T, rtt)
	}
	m.Echo = e
	fail(&m, outage.LayerRoute, outage.OperationEcho, e.Failure)
	a.give(&m)
	return nil
}

// atlasHop is a hop of a traceroute; before 4460 its replies were the same.
type atlasHop struct {
	Hop    int    `json:"hop"`
	Error  string `json:"error"`
	Result []struct {
		From string   `json:"from"`
		RTT  *float64 `json:"rtt"`
		// Err is the ICMP code: "H" for host unreachable and so on, in old results a
		// number.
		Err   json.RawMessage `json:"err"`
		Error string          `json:"error"`
	} `json:"result"`
}

func (a *atlas) traceroute() error {
	if strings.HasPrefix(strings.TrimSpace(string(a.Result)), `"`) {
		return a.tracerouteText()
	}
	var hops []atlasHop
	if err := a.result(&hops); err != nil {
		return err
	}
	m := a.base
	p := &outage.Path{Protocol: strings.ToLower(text(a.Protocol))}
	said := ""
	for i := range hops[:min(len(hops), maxHops)] {
		h := &hops[i]
		out := outage.Hop{TTL: h.Hop}
		for _, r := range h.Result {
			if r.From != "" && out.Address == "" {
				out.Address = text(r.From)
				if r.RTT != nil {
					out.RTTMS = millis(*r.RTT)
				}
			}
			p.Reached = p.Reached || r.From != "" && r.From == m.Target.Address && len(r.Err) == 0
			said = or(said, r.Error)
		}
		said = or(said, h.Error)
		if h.Hop != lostHop {
			p.Hops = append(p.Hops, out)
		}
		p.T = max(p.T, out.RTTMS)
	}
	a.finishPath(&m, p, said)
	return nil
}

// lostHop is the number under which Atlas writes that it gave up.
const lostHop = 255

// finishPath hands over a path.
func (a *atlas) finishPath(m *outage.Measurement, p *outage.Path, said string) {
	m.Path = p
	switch {
	case p.Reached:
	case said != "":
		fail(m, outage.LayerRoute, outage.OperationTrace, look(socketPhrases, said))
	default:
		fail(m, outage.LayerRoute, outage.OperationTrace, outage.FailureTimeout)
	}
	a.give(m)
}

// tracerouteText reads the output of the command, which is what the first firmware
// sent: "traceroute to NAME (ADDRESS), ..." and a line for each hop.
func (a *atlas) tracerouteText() error {
	var out string
	if err := a.result(&out); err != nil {
		return err
	}
	lines := strings.Split(out, "\n")
	head := strings.Fields(lines[0])
	if len(head) < 4 || head[0] != "traceroute" {
		return errors.New("result is no output of traceroute: it should begin with \"traceroute to\"")
	}
	m := a.base
	m.Target.Host = strings.ToLower(text(head[2]))
	m.Target.Address = text(strings.Trim(head[3], "(),"))
	m.Target.Family = family(m.Target.Address)
	p := &outage.Path{Protocol: "udp"}
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		if len(f) < 2 || len(p.Hops) == maxHops {
			continue
		}
		ttl, err := strconv.Atoi(f[0])
		if err != nil {
			continue
		}
		h := outage.Hop{TTL: ttl}
		for i, word := range f[1:] {
			if h.Address == "" && family(strings.Trim(word, "()")) != 0 {
				h.Address = strings.Trim(word, "()")
			} else if v, err := strconv.ParseFloat(word, 64); err == nil && h.RTTMS == 0 && i+2 < len(f) && f[i+2] == "ms" {
				h.RTTMS = millis(v)
			}
		}
		p.Hops = append(p.Hops, h)
		p.Reached = p.Reached || h.Address != "" && h.Address == m.Target.Address
		p.T = max(p.T, h.RTTMS)
	}
	a.finishPath(&m, p, "")
	return nil
}
