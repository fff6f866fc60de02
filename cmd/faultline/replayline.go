package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"faultline/internal/catalog"
	"faultline/internal/pipeline"
	"faultline/internal/replay"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// replayLine is the line of parts from reports to incidents on a log in memory.
type replayLine struct {
	rec       *replay.Recording
	gaps      bool // long stretches without a row are missing
	log       *memory.Log
	parts     []*stream.Follower
	held      []stream.Entry
	minute    outage.Minute // that is open; 0 before the first
	position  uint64        // of the last incident taken
	incidents map[string]outage.Incident
	reports   int
	minutes   int
}

// Limits of a chunk: what is in memory at once.
const (
	chunkMinutes = outage.Day
	chunkEntries = 100_000
)

func newReplayLine(rec *replay.Recording, services *catalog.Catalog, gaps bool) (*replayLine, error) {
	parts, err := pipeline.ToIncidents(services.Services())
	if err != nil {
		return nil, err
	}
	l := &replayLine{rec: rec, gaps: gaps, log: memory.New(), parts: parts, incidents: map[string]outage.Incident{}}
	for _, p := range l.parts {
		p.Strict = true
	}
	return l, nil
}

// play takes the whole recording.
func (l *replayLine) play(ctx context.Context) error {
	chunk := outage.Minute(0)
	for {
		r, err := l.rec.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := l.advance(ctx, r.Minute); err != nil {
			return err
		}
		if r.Minute/chunkMinutes != chunk || len(l.held) >= chunkEntries {
			if err := l.drain(ctx); err != nil {
				return err
			}
			chunk = r.Minute / chunkMinutes
		}
		if err := l.hold(r); err != nil {
			return err
		}
	}
	if l.minute != 0 {
		if err := l.advance(ctx, l.minute+1); err != nil {
			return err
		}
	}
	return l.drain(ctx)
}

// advance ends the minutes before m. Where nobody counted for an hour more than a
// bucket lasts, minutes get no tick, which every part takes as missing.
func (l *replayLine) advance(ctx context.Context, m outage.Minute) error {
	if l.minute == 0 {
		l.minute = m
	}
	covered := m
	if l.gaps && m-l.minute > l.rec.Longest+outage.Hour {
		covered = l.minute + l.rec.Longest
	}
	for ; l.minute < covered; l.minute++ {
		for _, topic := range []string{stream.Reports.Name, stream.Measurements.Name} {
			l.held = append(l.held, stream.Tick(topic, l.minute, false))
		}
		l.minutes++
		if len(l.held) >= chunkEntries {
			if err := l.drain(ctx); err != nil {
				return err
			}
		}
	}
	l.minute = m
	return nil
}

// hold keeps a report for the next chunk; a count of zero has done its part by
// moving the time.
func (l *replayLine) hold(r outage.Report) error {
	if r.Weight == 0 {
		return nil
	}
	l.reports += r.Weight
	r.ID = fmt.Sprintf("replay-%d", l.reports)
	e, err := stream.Reports.Entry(r.Minute, &r)
	if err != nil {
		return err
	}
	l.held = append(l.held, e)
	return nil
}

// drain lets the parts take what is held, keeps the incidents and forgets the rest.
func (l *replayLine) drain(ctx context.Context) error {
	if err := l.log.Append(ctx, l.held, nil); err != nil {
		return fmt.Errorf("take in recorded reports: %w", err)
	}
	l.held = l.held[:0]
	for _, p := range l.parts {
		if err := p.Drain(ctx, l.log); err != nil {
			return err
		}
	}
	for {
		recs, err := l.log.Read(ctx, stream.Incidents.Name, l.position, chunkEntries)
		if err != nil {
			return fmt.Errorf("read the incidents: %w", err)
		}
		if len(recs) == 0 {
			break
		}
		for _, r := range recs {
			l.position = r.Seq
			if r.Kind != stream.KindFact {
				continue
			}
			i, err := stream.Incidents.Decode(r)
			if err != nil {
				return err
			}
			l.incidents[i.ID] = *i
		}
	}
	return l.trim(ctx)
}

// trim forgets what every part has taken. The open minute's reports stay.
func (l *replayLine) trim(ctx context.Context) error {
	for _, topic := range stream.Names() {
		upTo := uint64(math.MaxUint64)
		for _, p := range l.parts {
			if pos, follows := p.Safe(topic); follows {
				upTo = min(upTo, pos)
			}
		}
		if _, err := l.log.Trim(ctx, topic, l.minute, upTo); err != nil {
			return fmt.Errorf("forget what was taken: %w", err)
		}
	}
	return nil
}
