package project

import (
	"fmt"
	"time"

	"faultline/internal/stream"
)

// Config is what an operator may set.
type Config struct {
	// SavePause is the least time between two saves of a topic: a crowd that
	// presses is saved in one go. A press is on the page after it at the latest.
	SavePause time.Duration `json:"save_pause"`
	Retention Retention     `json:"retention"`
}

// Retention says for how long what is kept. Hours of every series, incidents and
// bulletins are kept for ever, and services too.
type Retention struct {
	// Minutes is for minute rows of the query store; older ones are hours.
	Minutes time.Duration `json:"minutes"`
	// Reports, Points, Baselines, Detections and Dead are for topics of the log.
	// Measurements and Agents are topics too; every agent is said again once a day,
	// so none of them ages out.
	// The query store can be rebuilt as far back as Points reaches.
	Reports    time.Duration `json:"reports"`
	Points     time.Duration `json:"points"`
	Baselines  time.Duration `json:"baselines"`
	Detections time.Duration `json:"detections"`
	Dead       time.Duration `json:"dead"`

	Measurements time.Duration `json:"measurements"`
	Agents       time.Duration `json:"agents"`
	// Every is the pause between two rounds.
	Every time.Duration `json:"every"`
}

const day = 24 * time.Hour

// Bounds of the configuration.
const (
	// maxSavePause keeps a press within two seconds of the page.
	maxSavePause = time.Second
	// leastKept is what the pages need: a day of minutes, and time to catch up.
	leastKept = 2 * day
)

// DefaultConfig returns the honest defaults.
func DefaultConfig() Config {
	return Config{
		SavePause: 250 * time.Millisecond,
		Retention: Retention{
			Minutes: 14 * day, Reports: 2 * day, Points: 14 * day,
			Baselines: 14 * day, Detections: 14 * day, Dead: 14 * day,
			Measurements: 7 * day, Agents: 14 * day,
			Every: time.Minute,
		},
	}
}

// Validate names the setting that cannot be used, and what can.
func (c Config) Validate() error {
	if c.SavePause < 0 || c.SavePause > maxSavePause {
		return fmt.Errorf("save_pause is %s: want between 0 and %s, so that a press is soon on the page", c.SavePause, maxSavePause)
	}
	if c.Retention.Every <= 0 {
		return fmt.Errorf("retention.every is %s: want more than 0, such as 1m", c.Retention.Every)
	}
	kept := map[string]time.Duration{"minutes": c.Retention.Minutes}
	for topic, d := range c.Retention.topics() {
		kept[topic] = d
	}
	for name, d := range kept {
		if d < leastKept {
			return fmt.Errorf("retention.%s is %s: want at least %s", name, d, leastKept)
		}
	}
	return nil
}

// topics are those that are trimmed.
func (r Retention) topics() map[string]time.Duration {
	return map[string]time.Duration{
		stream.Reports.Name: r.Reports, stream.Points.Name: r.Points,
		stream.Baselines.Name: r.Baselines, stream.Detections.Name: r.Detections,
		stream.Dead: r.Dead, stream.Measurements.Name: r.Measurements, stream.Agents.Name: r.Agents,
	}
}
