package sqlite

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"faultline/internal/store"
	"faultline/outage"
)

// verdictsAtMost bounds a list of revisions that names no limit.
const verdictsAtMost = 500

// unpackedAtMost bounds a verdict that is unpacked: one of ours is a hundredth of it,
// and a damaged file could claim anything.
const unpackedAtMost = 16 << 20

// verdicts saves revisions. They are kept for ever and say much the same thing again,
// so the whole of each is packed, to about a sixth.
func (c *change) verdicts(ctx context.Context) error {
	var rows []any
	for i := range c.b.Verdicts {
		v := &c.b.Verdicts[i]
		brief, err := json.Marshal(store.Brief(v))
		if err != nil {
			return err
		}
		whole, err := packJSON(v)
		if err != nil {
			return err
		}
		rows = append(rows, v.Incident, v.Revision, string(brief), whole)
	}
	return c.insert(ctx, `INSERT OR REPLACE INTO verdict (incident, revision, brief, whole)`, "", 4, rows)
}

// Verdicts implements store.Judgements.
func (s *Store) Verdicts(ctx context.Context, q store.VerdictQuery) ([]outage.Verdict, error) {
	if q.Before <= 0 {
		q.Before = math.MaxInt
	}
	if q.Limit <= 0 || q.Limit > verdictsAtMost {
		q.Limit = verdictsAtMost
	}
	if q.Brief {
		return said[outage.Verdict](ctx, s, `SELECT brief FROM verdict WHERE incident = ? AND revision < ? ORDER BY revision DESC LIMIT ?`,
			q.Incident, q.Before, q.Limit)
	}
	var all []outage.Verdict
	err := each(ctx, s.read, `SELECT whole FROM verdict WHERE incident = ? AND revision < ? ORDER BY revision DESC LIMIT ?`,
		[]any{q.Incident, q.Before, q.Limit}, func(scan scanner) error {
			var packed []byte
			if err := scan(&packed); err != nil {
				return err
			}
			var v outage.Verdict
			if err := unpackJSON(packed, &v); err != nil {
				return fmt.Errorf("decode a verdict: %w: %w", store.ErrDamaged, err)
			}
			all = append(all, v)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts on %q: %w", q.Incident, explain(s.path, err))
	}
	return all, nil
}

// LatestVerdicts implements store.Judgements.
func (s *Store) LatestVerdicts(ctx context.Context, f store.IncidentFilter) ([]outage.Verdict, error) {
	listed, args := incidentsOf("id", f)
	return said[outage.Verdict](ctx, s, `SELECT v.brief FROM (`+listed+`) AS i JOIN verdict AS v ON v.incident = i.id
		AND v.revision = (SELECT max(revision) FROM verdict WHERE incident = i.id) ORDER BY i.id`, args...)
}

// packJSON writes a value as deflated JSON.
func packJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unpackJSON reads what packJSON wrote.
func unpackJSON(packed []byte, into any) error {
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), unpackedAtMost))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
