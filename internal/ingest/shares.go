package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"faultline/internal/cap"
	"faultline/internal/datadir"
	"faultline/outage"
)

// saveEvery is how often the usual shares of networks are saved. They are learned
// over days, so a crash that loses an hour of it changes no decision.
const saveEvery = outage.Hour

func capsFile(dir string) string { return filepath.Join(dir, "networks.json") }

// openCaps reads what was learned. A damaged file is set aside with a word: caps
// that have learned nothing are stricter with networks that are usually large.
func openCaps(dir string) (*cap.Caps, error) {
	caps := cap.New(cap.DefaultConfig())
	b, err := os.ReadFile(capsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return caps, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the usual shares of networks: %w", err)
	}
	if err := caps.Restore(b); err != nil {
		slog.Warn("the usual shares of networks are not readable and are learned again", "file", capsFile(dir), "error", err)
		return cap.New(cap.DefaultConfig()), nil
	}
	return caps, nil
}

// saveCaps keeps what was learned; that it cannot is no reason to refuse presses.
func (in *Ingest) saveCaps() {
	in.learnt = in.minute
	b, err := in.caps.Snapshot()
	if err == nil {
		err = datadir.Replace(capsFile(in.State), b)
	}
	if err != nil {
		slog.Error("the usual shares of networks could not be saved", "file", capsFile(in.State), "error", err)
	}
}
