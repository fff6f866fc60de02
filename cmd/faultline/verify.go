package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"

	"faultline/internal/chain"
	"faultline/internal/gunzip"
	"faultline/internal/stream"
	"faultline/outage"
)

// verifyCmd checks chains of measurements, from files or from a hub's log.
type verifyCmd struct {
	Key    []string `help:"Public key of an agent, base64 as the hub lists it; may be given again. Without any, signatures are not checked." placeholder:"KEY"`
	Agents string   `help:"What 'faultline agent list --json' printed: public keys, and how far the hub has come with each agent in the files." type:"existingfile" placeholder:"FILE"`
	Data   string   `help:"Check the log in this data directory, with the keys it knows; its faultline must be stopped." placeholder:"DIR"`
	Agent  string   `help:"Only this agent's chain." placeholder:"ID"`
	Files  []string `arg:"" optional:"" name:"file" help:"JSON lines of measurements in the order of their chains, plain or gzip; - reads standard input."`
}

// Help is what kong prints beyond the flags.
func (c *verifyCmd) Help() string {
	return `Each agent numbers its measurements, names in each the hash of the one before, and
signs it. The first record that was changed, removed, moved or put in is named, and
the exit code is 1. Gaps that an agent has signed itself are told and are no break.
That the end of a file was cut off shows only with --agents or --data, which say how
far the hub has come with each agent. A file may also hold answers of the hub's
/api/v1/measurements?agent=ID, one a line. Records with a path are published without
the routers next to the agent: their place is checked then, and their content cannot
be.`
}

// maxLine bounds a line of a file: an answer of the hub holds 500 records, and the
// hub takes none above 64 KiB.
const maxLine = 32 << 20

// errChainBroken ends a verification that found something.
var errChainBroken = errors.New("a chain does not hold")

// Run implements the command.
func (c *verifyCmd) Run(ctx context.Context, s streams) error {
	if (c.Data == "") == (len(c.Files) == 0) {
		return errors.New("nothing to verify: name files, or a data directory with --data")
	}
	v := &chain.Verifier{Published: len(c.Files) > 0}
	for _, text := range c.Key {
		key, err := chain.PublicKey(text)
		if err != nil {
			return err
		}
		addKey(v, key)
	}
	if c.Agents != "" {
		if err := c.addKeys(v); err != nil {
			return err
		}
	}
	if c.Data != "" {
		if err := verifyLog(ctx, c.Data, v); err != nil {
			return err
		}
	}
	for _, name := range c.Files {
		if err := verifyFile(name, s.in, v); err != nil {
			return err
		}
	}
	if c.Agents != "" {
		if err := c.expect(v); err != nil {
			return err
		}
	}
	return c.tell(s.out, v)
}

// listed reads what the hub says of its agents.
func (c *verifyCmd) listed(take func(*outage.Agent) error) error {
	f, err := os.Open(c.Agents)
	if err != nil {
		return fmt.Errorf("open the list of agents: %w", err)
	}
	defer f.Close()
	for d := json.NewDecoder(io.LimitReader(f, maxList)); ; {
		var a outage.Agent
		if err := d.Decode(&a); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("decode the agents in %s: %w: make it with 'faultline agent list --json'", c.Agents, err)
		}
		if err := take(&a); err != nil {
			return fmt.Errorf("the agents in %s: %w", c.Agents, err)
		}
	}
}

// addKeys takes the keys of the listed agents.
func (c *verifyCmd) addKeys(v *chain.Verifier) error {
	return c.listed(func(a *outage.Agent) error {
		key, err := chain.PublicKey(a.PublicKey)
		if err == nil {
			addKey(v, key)
		}
		return err
	})
}

// expect holds the chains that there are against how far the hub has come.
func (c *verifyCmd) expect(v *chain.Verifier) error {
	have := map[string]bool{c.Agent: c.Agent != ""}
	for _, r := range v.Reports() {
		have[r.Agent] = true
	}
	return c.listed(func(a *outage.Agent) error {
		if have[a.ID] && a.Sequence > 0 {
			v.Expect(a.ID, chain.Head{Sequence: a.Sequence, Hash: a.Head})
		}
		return nil
	})
}

func addKey(v *chain.Verifier, key ed25519.PublicKey) {
	if v.Keys == nil {
		v.Keys = map[string]ed25519.PublicKey{}
	}
	v.Keys[chain.ID(key)] = key
}

func verifyFile(name string, stdin io.Reader, v *chain.Verifier) error {
	in, err := openInput(name, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := gunzip.Reader(in, 1<<16)
	if err != nil {
		return fmt.Errorf("decompress %s: %w", name, err)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	n := 0
	for lines.Scan() {
		if n++; len(bytes.TrimSpace(lines.Bytes())) > 0 {
			addLine(lines.Bytes(), v)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s after line %d: %w: a line has at most %d bytes", name, n, err, maxLine)
	}
	return nil
}

// addLine feeds a record, or those of an answer of the hub: a record has no field of
// that name.
func addLine(line []byte, v *chain.Verifier) {
	var answer struct {
		Measurements []json.RawMessage `json:"measurements"`
	}
	if !bytes.Contains(line, []byte(`"measurements"`)) || json.Unmarshal(line, &answer) != nil || answer.Measurements == nil {
		v.Add(line)
		return
	}
	for _, raw := range answer.Measurements {
		v.Add(raw)
	}
}

// verifyLog feeds the log's measurements, and what the hub knows of each agent.
func verifyLog(ctx context.Context, path string, v *chain.Verifier) (err error) {
	log, closer, err := openStopped(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	agents := map[string]outage.Agent{}
	err = stream.EachFact(ctx, log, stream.Agents.Name, 0, func(r stream.Record) error {
		a, err := stream.Agents.Decode(r)
		if err != nil {
			return err
		}
		key, err := chain.PublicKey(a.PublicKey)
		if err != nil {
			return err
		}
		addKey(v, key)
		agents[a.ID] = *a
		return nil
	})
	if err != nil {
		return err
	}
	oldest, err := log.Read(ctx, stream.Measurements.Name, 0, 1)
	if err != nil {
		return fmt.Errorf("read the oldest measurement: %w", err)
	}
	err = stream.EachFact(ctx, log, stream.Measurements.Name, 0, func(r stream.Record) error {
		v.Add(r.Data)
		return nil
	})
	for id, a := range agents {
		// What an agent sent before the oldest record that is kept may have aged out.
		if a.Sequence > 0 && len(oldest) > 0 && a.Seen > oldest[0].Minute {
			v.Expect(id, chain.Head{Sequence: a.Sequence, Hash: a.Head})
		}
	}
	return err
}

// tell prints a line for each chain; it is an error that one does not hold.
func (c *verifyCmd) tell(w io.Writer, v *chain.Verifier) error {
	broken, told := false, 0
	for _, r := range v.Reports() {
		if c.Agent != "" && r.Agent != c.Agent {
			continue
		}
		told++
		switch {
		case r.Break != nil:
			broken = true
			fmt.Fprintf(w, "BROKEN  %v\n", r.Break)
		case r.Records == 0:
			fmt.Fprintf(w, "empty   agent %s: no record\n", r.Agent)
		default:
			fmt.Fprintf(w, "whole   agent %s: %s records, %d to %d%s%s%s\n", r.Agent, humanize.Comma(int64(r.Records)), r.First, r.Last.Sequence, gaps(&r), hidden(&r), unsigned(v))
		}
	}
	if told == 0 {
		return errors.New("there are no records: nothing was verified")
	}
	if broken {
		return errChainBroken
	}
	return nil
}

func gaps(r *chain.Report) string {
	if r.Gaps == 0 {
		return ""
	}
	return fmt.Sprintf("; %d signed gaps stand for %s lost ones", r.Gaps, humanize.Comma(int64(r.Lost)))
}

func hidden(r *chain.Report) string {
	if r.Withheld == 0 {
		return ""
	}
	return fmt.Sprintf("; of %s only the place was checked, for routers next to the agent are left out", humanize.Comma(int64(r.Withheld)))
}

func unsigned(v *chain.Verifier) string {
	if v.Keys == nil {
		return "; signatures not checked, give --key"
	}
	return ""
}
