package project

import (
	"encoding/json"
	"fmt"

	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

// measurements takes what agents measured, or what was imported of others.
type measurements struct {
	from stream.Topic[outage.Measurement]
	put  func(*store.Batch, store.Measurement)
	b    *store.Batch
	n    int
	pos  uint64
}

func newMeasurements(from stream.Topic[outage.Measurement], put func(*store.Batch, store.Measurement)) *measurements {
	return &measurements{from: from, put: put}
}

// nearHops is the number of routers next to an agent whose addresses are not told:
// the one at home, and those of its line, which differ from house to house.
const nearHops = 3

func (t *measurements) topic() string { return t.from.Name }

func (t *measurements) full() bool { return t.n >= readRecords }

func (t *measurements) skipped(stream.Record) {}

func (t *measurements) take(r stream.Record) error {
	t.pos = r.Seq
	if r.Kind != stream.KindFact {
		return nil
	}
	m, err := t.from.Decode(r)
	if err != nil {
		return err
	}
	data, err := published(m, r.Data)
	if err != nil {
		return err
	}
	if t.b == nil {
		t.b = &store.Batch{}
	}
	t.put(t.b, store.Measurement{Seq: r.Seq, Fact: *m, Data: data})
	t.n++
	return nil
}

// published is the record as anybody may see it: as it came, so that its hash and
// signature can be checked, unless it holds addresses next to the agent.
func published(m *outage.Measurement, raw []byte) ([]byte, error) {
	if m.Path == nil {
		return raw, nil
	}
	for i := range m.Path.Hops {
		if h := &m.Path.Hops[i]; h.TTL <= nearHops {
			h.Address = ""
		}
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("leave the routers next to agent %s out of measurement %d: %w", m.Agent, m.Sequence, err)
	}
	return data, nil
}

// ready leaves ticks alone until there is a measurement, as facts do.
func (t *measurements) ready() *store.Batch {
	if t.b == nil {
		return nil
	}
	b := t.b
	b.Positions = map[string]uint64{t.from.Name: t.pos}
	t.b, t.n = nil, 0
	return b
}
