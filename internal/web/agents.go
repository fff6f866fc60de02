package web

import (
	"net/http"
	"net/url"
	"strings"

	"faultline/internal/web/probed"
)

// agents is the page of vantage points.
func (w *Web) agents(rw http.ResponseWriter, r *http.Request) {
	s, err := w.snaps.get(r.Context())
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	list, err := w.deps.Store.Agents(r.Context())
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	states, err := w.deps.Store.Standing(r.Context())
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	w.still(rw, r, http.StatusOK, frame{
		name: "agents", view: probed.AgentsOf(list, states, w.world(s), s.pulse.Closed),
		shell: shell{Title: "Vantage points - Faultline", Description: "The agents that measure, their places, their health and their clocks."},
	})
}

// contact is what the page for the probed needs.
type contact struct {
	Contact, Link string
	Self          bool // the operator has named this very page, so it has no address to give
}

// probes is the page for whoever finds our user agent in their logs.
func (w *Web) probes(rw http.ResponseWriter, r *http.Request) {
	var v contact
	if w.cfg.Contact != nil {
		v.Contact = w.cfg.Contact()
	}
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if strings.HasPrefix(v.Contact, scheme) {
			v.Link = v.Contact
		}
	}
	u, err := url.Parse(v.Contact)
	v.Self = err == nil && (u.Path == "/probes" || u.Path == "/probing")
	w.still(rw, r, http.StatusOK, frame{
		name: "contact", view: v,
		shell: shell{Title: "About probes - Faultline", Description: "Who probes, why, and how to be left alone."},
	})
}
