package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"faultline/internal/stream"
	"faultline/outage"
)

// rowSteps are the numbers of rows that one statement inserts, largest first:
// many rows a statement are twice as fast as one, and a few fixed sizes can stay
// prepared.
var rowSteps = [...]int{64, 8, 1}

// keySize is the length of the hash a key is kept as: 128 bits, so that two keys
// meet by chance once in more facts than a log will hold.
const keySize = 16

// trimRows bounds one step of retention, so that ingest never waits long for it.
const trimRows = 20_000

// Append implements [stream.Writer].
func (l *Log) Append(ctx context.Context, entries []stream.Entry, cp *stream.Checkpoint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	added, err := l.commit(ctx, entries, cp)
	if err != nil {
		return l.explain("append to", err)
	}
	l.tail.Lock()
	defer l.tail.Unlock()
	for t, n := range added {
		l.last[t] += n
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return nil
}

func (l *Log) commit(ctx context.Context, entries []stream.Entry, cp *stream.Checkpoint) (map[string]uint64, error) {
	added := map[string]uint64{}
	return added, l.transact(ctx, func() error {
		for len(entries) > 0 {
			n := run(entries)
			rows, err := l.insertRows(ctx, entries[:n])
			if err != nil {
				return err
			}
			added[entries[0].Topic] += uint64(rows)
			entries = entries[n:]
		}
		if cp == nil {
			return nil
		}
		return l.saveCheckpoint(ctx, cp)
	})
}

// transact runs do in one transaction of the writing connection. A commit that
// has begun is not torn by a context that ends meanwhile, and neither is a begin:
// the driver may report the context's end for a transaction that it has opened.
func (l *Log) transact(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	whole := context.WithoutCancel(ctx)
	if _, err := l.conn.ExecContext(whole, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		_, err = l.conn.ExecContext(whole, "COMMIT")
	}
	if err != nil {
		// After some errors SQLite has rolled back by itself; then this one says
		// so, and there is nothing to learn from it.
		_, _ = l.conn.ExecContext(whole, "ROLLBACK")
	}
	return err
}

// run is the length of the next statement: entries of one topic, one of rowSteps.
func run(entries []stream.Entry) int {
	same := 1
	for same < len(entries) && same < rowSteps[0] && entries[same].Topic == entries[0].Topic {
		same++
	}
	for _, step := range rowSteps {
		if step <= same {
			return step
		}
	}
	return 1
}

func (l *Log) insertRows(ctx context.Context, entries []stream.Entry) (int64, error) {
	stmt, err := l.inserting(ctx, insertKey{entries[0].Topic, len(entries)})
	if err != nil {
		return 0, err
	}
	args := make([]any, 0, 4*len(entries))
	for i := range entries {
		e := &entries[i]
		data := e.Data
		if data == nil {
			data = []byte{}
		}
		args = append(args, int64(e.Kind), int64(e.Minute), keyHash(e), data)
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// keyHash is what is kept of a key; nothing where keys are not looked up.
func keyHash(e *stream.Entry) []byte {
	if stream.Raw(e.Topic) {
		return []byte{}
	}
	sum := sha256.Sum256([]byte(e.Key))
	return sum[:keySize]
}

// inserting returns the prepared statement for a topic and a number of rows.
func (l *Log) inserting(ctx context.Context, k insertKey) (*sql.Stmt, error) {
	if stmt := l.insert[k]; stmt != nil {
		return stmt, nil
	}
	if _, known := l.last[k.topic]; !known {
		return nil, fmt.Errorf("no topic %q: the topics are %s", k.topic, strings.Join(stream.Names(), ", "))
	}
	query := "INSERT INTO topic_" + k.topic + " (kind, minute, key, data) VALUES " +
		strings.TrimSuffix(strings.Repeat("(?,?,?,?),", k.rows), ",")
	if !stream.Raw(k.topic) {
		query += " ON CONFLICT (key) DO NOTHING"
	}
	stmt, err := l.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	l.insert[k] = stmt
	return stmt, nil
}

func (l *Log) saveCheckpoint(ctx context.Context, cp *stream.Checkpoint) error {
	data, err := json.Marshal(cp)
	if err != nil {
		return fmt.Errorf("encode the checkpoint of %s: %w", cp.Follower, err)
	}
	_, err = l.conn.ExecContext(ctx, "INSERT OR REPLACE INTO checkpoints (follower, data) VALUES (?, ?)", cp.Follower, data)
	return err
}

// Trim implements [stream.Writer]. It goes in steps and keeps the newest record,
// so that positions only grow.
func (l *Log) Trim(ctx context.Context, topic string, before outage.Minute, upTo uint64) (int, error) {
	end, err := l.Seek(ctx, topic, before)
	if err != nil {
		return 0, err
	}
	l.tail.Lock()
	last := l.last[topic]
	l.tail.Unlock()
	end = min(end, upTo, max(last, 1)-1)
	total := 0
	for {
		n, err := l.trimStep(ctx, topic, end)
		total += n
		if err != nil || n < trimRows {
			return total, err
		}
	}
}

func (l *Log) trimStep(ctx context.Context, topic string, end uint64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var n int64
	err := l.transact(ctx, func() error {
		res, err := l.conn.ExecContext(ctx, "DELETE FROM topic_"+topic+" WHERE seq <= min(?, (SELECT min(seq) FROM topic_"+topic+") + ?)", int64(end), trimRows-1)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, l.explain("trim topic "+topic+" of", err)
	}
	return int(n), nil
}
