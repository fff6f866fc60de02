package main

import (
	"faultline/internal/diagnose"
	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/stream"
	"faultline/outage"
)

// newDiagnosis is the part that judges incidents, with the table that is built in.
func newDiagnosis(services []outage.Service) (*stream.Follower, error) {
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		return nil, err
	}
	cfg := diagnose.DefaultConfig()
	cfg.Services = services
	cfg.Judge = func(set *feature.Set) outage.Verdict { return reason.Judge(set, table) }
	cfg.Moved = reason.Moves
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return diagnose.NewFollower(cfg), nil
}
