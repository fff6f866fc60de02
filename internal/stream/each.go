package stream

import (
	"context"
	"fmt"
)

// eachBatch is how many records are read at once.
const eachBatch = 1024

// EachFact hands over the facts of a topic behind a position, 0 for all, in order,
// up to the newest one there is. What take refuses ends it.
func EachFact(ctx context.Context, log Reader, topic string, pos uint64, take func(Record) error) error {
	for {
		recs, err := log.Read(ctx, topic, pos, eachBatch)
		if err != nil {
			return fmt.Errorf("read topic %s after %d: %w", topic, pos, err)
		}
		if len(recs) == 0 {
			return nil
		}
		for _, r := range recs {
			pos = r.Seq
			if r.Kind != KindFact {
				continue
			}
			if err := take(r); err != nil {
				return err
			}
		}
	}
}
