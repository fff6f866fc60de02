package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"faultline/internal/intake"
)

// observeCmd hands in what others have measured and published.
type observeCmd struct {
	File string `arg:"" name:"file" help:"A list of observations as JSON; - reads standard input."`
	Hub  string `default:"http://127.0.0.1:8080" env:"FAULTLINE_HUB" placeholder:"URL" help:"Address of the hub."`
	Data string `default:"faultline-data" env:"FAULTLINE_DATA" placeholder:"DIR" help:"Data directory of the hub, where the operator's key is."`
	Key  string `env:"FAULTLINE_OPERATOR_KEY" placeholder:"KEY" help:"The operator's key itself, for a hub on another machine."`
}

// Help is what kong prints beyond the flags.
func (c *observeCmd) Help() string {
	return `An observation is one number that somebody else has measured and published, with its
source: a feature of the vocabulary (docs/reference/features.md), its value, and the time that
it is of. What its author concludes from it is a claim and has no place here.

  [{"service":"x", "feature":"bgp_unchanged", "value":1,
    "from":"2025-03-10T09:30Z", "to":"2025-03-10T16:00Z",
    "source":{"name":"Example Observatory", "kind":"measurer", "url":"https://..."},
    "quote":"no change of routes was seen"}]

It stands in verdicts on incidents of that time, with its source and a capped weight.
The same observation handed in again changes nothing.`
}

// Run implements the command.
func (c *observeCmd) Run(ctx context.Context, s streams) error {
	body, err := c.read(s.in)
	if err != nil {
		return err
	}
	list, err := intake.DecodeObservations(body)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	hub, err := newOperator(c.Hub, c.Data, c.Key)
	if err != nil {
		return err
	}
	var out intake.Observed
	if err := hub.post(ctx, request{path: intake.PathObservations, contentType: "application/json", body: body, out: &out}); err != nil {
		return fmt.Errorf("hand in %d observations: %w", len(list), err)
	}
	fmt.Fprintf(s.out, "%d observations are on record at %s\n", len(out.IDs), c.Hub)
	return nil
}

func (c *observeCmd) read(in io.Reader) (body []byte, err error) {
	if c.File == "-" {
		body, err = io.ReadAll(io.LimitReader(in, maxHubAnswer))
	} else {
		body, err = os.ReadFile(c.File)
	}
	if err != nil {
		return nil, fmt.Errorf("read the observations: %w", err)
	}
	return body, nil
}
