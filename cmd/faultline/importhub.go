package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"faultline/internal/agentapi"
	"faultline/outage"
)

// Size of what is sent to a hub at once.
const (
	importRecords = 500
	importBytes   = 1 << 20
)

// hubSink stores measurements of others in a hub, some hundred at a time.
type hubSink struct {
	ctx    context.Context
	hub    *operator
	packer *agentapi.Packer
	lines  bytes.Buffer
	count  int
	stored agentapi.Imported
}

// put takes one measurement.
func (s *hubSink) put(m *outage.Measurement) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode a measurement: %w", err)
	}
	if s.count >= importRecords || s.count > 0 && s.lines.Len()+len(line) > importBytes {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.lines.Write(line)
	s.lines.WriteByte('\n')
	s.count++
	return nil
}

// flush sends what waits. Whoever imports the file again after an error stores
// nothing twice.
func (s *hubSink) flush() error {
	if s.count == 0 {
		return nil
	}
	var now agentapi.Imported
	err := s.hub.post(s.ctx, request{
		path: agentapi.PathImports, contentType: agentapi.ContentType, encoding: agentapi.Encoding, body: s.packer.Pack(s.lines.Bytes()), out: &now,
	})
	if err != nil {
		return fmt.Errorf("store %d measurements after the first %d: %w; what was stored stays, and the file may be imported again", s.count, s.stored.Appended+s.stored.Duplicates, err)
	}
	s.stored.Appended += now.Appended
	s.stored.Duplicates += now.Duplicates
	s.lines.Reset()
	s.count = 0
	return nil
}
