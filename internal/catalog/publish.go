package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"faultline/internal/stream"
	"faultline/outage"
)

// readBatch is how many records are read from the log at once: large enough that
// a restart with a thousand services takes a few reads, small enough for memory.
const readBatch = 500

// Known is what the log says of services.
type Known struct {
	// Services holds the last version of each, by id.
	Services []outage.Service
	// Damaged lists positions that could not be decoded. Their services are
	// published again by the next Publish if they are still in the files.
	Damaged []uint64

	seq map[string]uint64 // by id: position of the last version
}

// Restore reads the last known services back from the log.
func Restore(ctx context.Context, r stream.Reader) (Known, error) {
	k := Known{seq: map[string]uint64{}}
	latest := map[string]outage.Service{}
	for after := uint64(0); ; {
		records, err := r.Read(ctx, stream.Services.Name, after, readBatch)
		if err != nil {
			return Known{}, fmt.Errorf("read the services of the last run: %w", err)
		}
		if len(records) == 0 {
			break
		}
		for _, rec := range records {
			after = rec.Seq
			if rec.Kind != stream.KindFact {
				continue
			}
			s, err := stream.Services.Decode(rec)
			if err != nil {
				k.Damaged = append(k.Damaged, rec.Seq)
				continue
			}
			latest[s.ID] = *s
			k.seq[s.ID] = rec.Seq
		}
	}
	for _, s := range latest {
		k.Services = append(k.Services, s)
	}
	slices.SortFunc(k.Services, func(a, b outage.Service) int { return strings.Compare(a.ID, b.ID) })
	return k, nil
}

// Publish appends what is new to the topic services and says how many records
// that were: services whose content differs from what the log holds, and as
// retired those that the log holds and the list has no more. When nothing changed
// it appends nothing. The key names the content and the position of the version
// that it replaces, so that a crash and a second try append once, while going back
// to an earlier content is a version of its own.
func Publish(ctx context.Context, log stream.Log, minute outage.Minute, services []outage.Service) (int, error) {
	known, err := Restore(ctx, log)
	if err != nil {
		return 0, err
	}
	changed := differences(known.Services, services)
	if len(changed) == 0 {
		return 0, nil
	}
	entries := make([]stream.Entry, len(changed))
	for i := range changed {
		e, err := stream.Services.Entry(minute, &changed[i])
		if err != nil {
			return 0, err
		}
		if seq := known.seq[changed[i].ID]; seq > 0 {
			e.Key = fmt.Sprintf("%s/%d", e.Key, seq)
		}
		entries[i] = e
	}
	if err := log.Append(ctx, entries, nil); err != nil {
		return 0, fmt.Errorf("append %d services to the log: %w", len(entries), err)
	}
	return len(entries), nil
}

// differences lists, by id, the versions that the log lacks.
func differences(known, services []outage.Service) []outage.Service {
	held := make(map[string]*outage.Service, len(known))
	for i := range known {
		held[known[i].ID] = &known[i]
	}
	var changed []outage.Service
	for _, s := range services {
		was := held[s.ID]
		delete(held, s.ID)
		if was == nil || was.Key() != s.Key() {
			changed = append(changed, s)
		}
	}
	for _, was := range held {
		if !was.Retired {
			gone := *was
			gone.Retired = true
			changed = append(changed, gone)
		}
	}
	slices.SortFunc(changed, func(a, b outage.Service) int { return strings.Compare(a.ID, b.ID) })
	return changed
}
