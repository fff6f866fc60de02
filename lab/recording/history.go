package recording

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"faultline/internal/datadir"
	"faultline/internal/geo"
	"faultline/internal/stream"
	"faultline/internal/stream/sqlite"
	"faultline/lab/topology"
	"faultline/outage"
)

// History is what a hub of the lab has heard before its first minute: for the
// detector says nothing of reports in its first hour. It is made, not measured: the
// same few presses that people of the lab make when nothing is wrong. Of measurements
// there is none; what is usual of them is what the warm-up measures.
type History struct {
	Minutes   outage.Minute
	PerMinute float64 // presses for each service in each country
	Services  []string
	Seed      uint64
}

// ingest's name for its checkpoint, and the topics whose minutes it ends.
const writer = "ingest"

// Fill writes a history into the data directory of a hub that has not started yet, up
// to the minute before now.
func (h *History) Fill(ctx context.Context, path string, now time.Time) error {
	dir, err := datadir.Open(path)
	if err != nil {
		return err
	}
	log, err := sqlite.Open(ctx, dir.Log())
	if err != nil {
		return errors.Join(err, dir.Close())
	}
	last := outage.MinuteOf(now) - 1
	entries, err := h.entries(last)
	if err == nil {
		err = log.Append(ctx, entries, &stream.Checkpoint{Follower: writer, Minute: last})
	}
	if err := errors.Join(err, log.Close(), dir.Close()); err != nil {
		return fmt.Errorf("give the hub a history: %w", err)
	}
	return nil
}

// entries are reports and the ends of minutes, up to the last one.
func (h *History) entries(last outage.Minute) ([]stream.Entry, error) {
	places, err := geo.Open(geo.Config{})
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(h.Seed, 3))
	var out []stream.Entry
	for m := last - h.Minutes + 1; m <= last; m++ {
		for _, c := range topology.Clients() {
			for _, service := range h.Services {
				if len(c.People) == 0 || r.Float64() >= h.PerMinute {
					continue
				}
				at := places.Lookup(c.People[r.IntN(len(c.People))].Addr())
				e, err := stream.Reports.Entry(m, report(r, service, at, m))
				if err != nil {
					return nil, err
				}
				out = append(out, e)
			}
		}
		for _, topic := range topics()[1:] { // services have no minutes
			out = append(out, stream.Tick(topic, m, false))
		}
	}
	return out, nil
}

// report is a press as ingest would have kept it.
func report(r *rand.Rand, service string, at geo.Place, m outage.Minute) *outage.Report {
	var key [16]byte
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	text := hex.EncodeToString(key[:])
	return &outage.Report{
		ID: text[:12], Reporter: text, Service: service, Category: "website", Country: at.Country, Network: geo.NetworkName(at.ASN),
		Minute: m, Window: m, Weight: 1, Source: outage.SourcePress,
	}
}
