package web

import (
	"errors"
	"html/template"
	"time"
)

// Config is what an operator or the program around may decide. The zero value
// works.
type Config struct {
	// Notice is shown on top of every page; nil shows none.
	Notice *Notice
	// SeverityRule says in a sentence or two how the severity of an incident is
	// reached; it is printed beside the word.
	SeverityRule string
	// Contact is where the people whose servers are probed find the operator: a page or
	// an address of mail; nil or empty: nothing is probed.
	Contact func() string
	// PollEvery is how often the store is asked whether anything is new.
	PollEvery time.Duration
	// MaxStreams bounds the live streams; 0 takes the default.
	MaxStreams int
}

// Notice tells every reader something about this world, such as that it is a
// demonstration, and shows the world's clock.
type Notice struct {
	Text  string        // one sentence
	Title string        // of the page behind it
	Body  template.HTML // of that page, served at /about/demo; empty: no page
}

// defaultPoll keeps a press well under two seconds from every open page.
const defaultPoll = 500 * time.Millisecond

// defaultStreams bounds the live streams of one process: each holds a
// connection and a few kilobytes. Whoever comes later is told to try again and
// has a page that works without.
const defaultStreams = 4000

// maxPages bounds the rendered pages kept, at up to some 150 kB each. When a
// thousand services are read at once, the rarer ones are rendered more often.
const maxPages = 256

// DefaultConfig is the configuration of a program that says nothing.
func DefaultConfig() Config {
	return Config{PollEvery: defaultPoll, MaxStreams: defaultStreams}
}

// Validate names what cannot work.
func (c Config) Validate() error {
	if c.PollEvery < 0 {
		return errors.New("web: poll interval is negative: leave it out or say 500ms")
	}
	if c.MaxStreams < 0 {
		return errors.New("web: number of live streams is negative: leave it out for the default")
	}
	return nil
}

// filled replaces zero values by defaults.
func (c Config) filled() Config {
	d := DefaultConfig()
	if c.PollEvery == 0 {
		c.PollEvery = d.PollEvery
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = d.MaxStreams
	}
	return c
}
