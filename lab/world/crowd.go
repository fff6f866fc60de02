//go:build linux

package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"faultline/lab/people"
	"faultline/lab/proc"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// crowd is the people of one country.
type crowd struct {
	client topology.Client
	orders io.WriteCloser
	usual  people.Orders
	proc   *proc.Process

	mu      sync.Mutex
	changes []*func(*people.Orders) // in force, in the order in which they came
}

// thinkMS is how long people think between pages, in milliseconds, on average.
const thinkMS = 3500

// Background is how many people press a minute, for each service in each country,
// although nothing is wrong: one in half an hour.
const Background = 0.03

// Heard are the services that people press for.
func Heard() []string {
	return []string{stand.ServiceFeed, stand.ServiceShop, stand.ServiceNews, stand.ServiceMail, stand.ServiceBank}
}

func (w *World) openCrowd(c topology.Client) error {
	r, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("give orders to people: %w", err)
	}
	defer r.Close()
	var ranges []string
	for _, p := range c.People {
		ranges = append(ranges, p.String())
	}
	p, err := w.group.Start(w.base, proc.Spec{
		Space: c.Space(), Name: "people-" + c.Name, Share: proc.World, Env: []string{"SSL_CERT_FILE=" + w.authority.CA()},
		Args: []string{w.Self, "people", "--seed", fmt.Sprint(w.Seed ^ uint64(c.Addr().As4()[2])), "--ranges", strings.Join(ranges, ",")},
		In:   r, Out: w.hear,
	})
	if err != nil {
		in.Close()
		return err
	}
	rumour := map[string]float64{}
	for _, s := range Heard() {
		rumour[s] = Background
	}
	k := &crowd{client: c, orders: in, proc: p, usual: people.Orders{Count: w.Usual.People, ThinkMS: thinkMS, Rumour: rumour}}
	w.mu.Lock()
	w.crowds[c.Name] = k
	w.mu.Unlock()
	return k.tell()
}

// tell gives the present orders: the usual ones with all changes in force.
func (k *crowd) tell() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.usual
	for _, change := range k.changes {
		(*change)(&now)
	}
	if err := json.NewEncoder(k.orders).Encode(now); err != nil {
		return fmt.Errorf("give orders to the people of %s: %w", k.client.Name, err)
	}
	return nil
}

// Sites are the services that people use.
func Sites() []people.Site {
	site := func(service, host string, main bool, weight float64) people.Site {
		return people.Site{Service: service, URL: "https://" + host, Main: main, Weight: weight}
	}
	return []people.Site{
		site(stand.ServiceFeed, stand.FeedHost, true, 10), site(stand.ServiceShop, stand.ShopHost, false, 3), site(stand.ServiceNews, stand.NewsHost, false, 3),
		site(stand.ServiceMail, stand.MailHost, false, 3), site(stand.ServiceBank, stand.BankHost, false, 3),
	}
}

// Met is what people met in all, and what the hub took of their presses.
type Met struct {
	people.Sum
	Presses int `json:"presses"`
	Refused int `json:"refused,omitempty"`
}

// Met since the last call.
func (w *World) Met() Met {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.met
	w.met = Met{}
	return m
}

// hear takes a line of people.
func (w *World) hear(line string) {
	var l people.Line
	if json.Unmarshal([]byte(line), &l) != nil {
		return // a half line of people that are being sent home
	}
	if l.Sum != nil {
		w.mu.Lock()
		w.met.Pages, w.met.Failed, w.met.Slow = w.met.Pages+l.Sum.Pages, w.met.Failed+l.Sum.Failed, w.met.Slow+l.Sum.Slow
		w.mu.Unlock()
	}
	if l.Press != nil {
		w.press(l.Press)
	}
}

// press carries a press to the hub, as the proxy before it would: with the address of
// the person in a header, and nowhere else.
func (w *World) press(p *people.Press) {
	body, err := json.Marshal(map[string]string{"service": p.Service, "category": p.Category})
	if err != nil {
		return
	}
	req, err := http.NewRequestWithContext(w.base, http.MethodPost, hubURL+"/api/v1/reports", bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", p.Address.String())
	res, err := hubClient.Do(req)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.met.Refused++
		return
	}
	res.Body.Close()
	if w.met.Presses++; res.StatusCode >= http.StatusBadRequest {
		w.met.Refused++
	}
}
