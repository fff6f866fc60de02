package agentapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Encoding of a batch that was packed (RFC 8878). Most of a batch is said again in
// every record, so it takes a small part of the way.
const Encoding = "zstd"

// window is how far back a packed batch may refer: what the hub holds in memory for
// each of those that it unpacks at once.
const window = 1 << 20

// packWindow is how far back an agent's own batches refer. Records repeat each other, so
// more would find little, and would take megabytes of an agent that has few.
const packWindow = 128 << 10

// Packer packs batches; keep it, for its tables are larger than what it packs.
type Packer struct{ zstd *zstd.Encoder }

// NewPacker makes one.
func NewPacker() (*Packer, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packWindow), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("prepare to pack batches: %w", err)
	}
	return &Packer{z}, nil
}

// Pack packs a batch.
func (p *Packer) Pack(body []byte) []byte { return p.zstd.EncodeAll(body, nil) }

// Errors of packed batches.
var (
	// ErrPacked means that what came is not what Pack makes.
	ErrPacked = errors.New("the body cannot be unpacked: send it whole, as " + Encoding + " with a window of at most 1 MiB, or not packed")
	// ErrLarge means that there is more in it than a batch may have.
	ErrLarge = fmt.Errorf("the body has more than %d bytes once it is unpacked: send it in parts", MaxBody)
)

// Unpack gives back a batch of at most MaxBody bytes; a small body that claims to be
// a large one costs no more than those. The error is one of ErrPacked and ErrLarge.
func Unpack(packed []byte) ([]byte, error) {
	r, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, ErrPacked
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	switch {
	case len(body) > MaxBody:
		return nil, ErrLarge
	case err != nil:
		return nil, ErrPacked
	}
	return body, nil
}
