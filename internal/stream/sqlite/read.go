package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"faultline/internal/stream"
	"faultline/outage"
)

// Read implements [stream.Reader].
func (l *Log) Read(ctx context.Context, topic string, after uint64, limit int) ([]stream.Record, error) {
	if l.end(topic) <= after {
		return nil, ctx.Err() // nothing new, and no need to ask the file
	}
	rows, err := l.read.QueryContext(ctx, "SELECT seq, kind, minute, data FROM topic_"+topic+" WHERE seq > ? ORDER BY seq LIMIT ?", int64(after), limit)
	if err != nil {
		return nil, l.explain("read topic "+topic+" in", err)
	}
	defer rows.Close()
	var recs []stream.Record
	for rows.Next() {
		var r stream.Record
		if err := rows.Scan(&r.Seq, &r.Kind, &r.Minute, &r.Data); err != nil {
			return nil, l.explain("read topic "+topic+" in", err)
		}
		recs = append(recs, r)
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain("read topic "+topic+" in", err)
	}
	if after > 0 && len(recs) > 0 && recs[0].Seq > after+1 {
		return nil, fmt.Errorf("topic %s of log %s after %d: %w", topic, l.path, after, stream.ErrTrimmed)
	}
	return recs, nil
}

// end is the position of a topic's last record.
func (l *Log) end(topic string) uint64 {
	l.tail.Lock()
	defer l.tail.Unlock()
	return l.last[topic]
}

// Wait implements [stream.Reader].
func (l *Log) Wait(ctx context.Context, topic string, after uint64) error {
	for {
		l.tail.Lock()
		more, grown := l.last[topic] > after, l.grown
		l.tail.Unlock()
		if more {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// Seek implements [stream.Reader] by halving: minutes grow with positions.
func (l *Log) Seek(ctx context.Context, topic string, m outage.Minute) (uint64, error) {
	var lo, hi uint64
	err := l.read.QueryRowContext(ctx, "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) + 1 FROM topic_"+topic).Scan(&lo, &hi)
	if err != nil {
		return 0, l.explain("seek in topic "+topic+" of", err)
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		var at outage.Minute
		err := l.read.QueryRowContext(ctx, "SELECT minute FROM topic_"+topic+" WHERE seq >= ? ORDER BY seq LIMIT 1", int64(mid)).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			hi = mid
			continue
		}
		if err != nil {
			return 0, l.explain("seek in topic "+topic+" of", err)
		}
		if at >= m {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo - 1, nil
}
