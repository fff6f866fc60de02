package spool

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"faultline/internal/chain"
)

// Kinds of files, by the end of their names.
const (
	segmentKind = ".seg"
	gapKind     = ".gap"
)

// fileName of a kind that begins at a sequence: names sort as their sequences do.
func fileName(first uint64, kind string) string { return fmt.Sprintf("%016d%s", first, kind) }

// parseName reads a name; other files, as of an interrupted replacement, have no kind.
func parseName(name string) (first uint64, kind string) {
	for _, k := range []string{segmentKind, gapKind} {
		if digits, ok := strings.CutSuffix(name, k); ok && len(digits) == 16 {
			if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
				return n, k
			}
		}
	}
	return 0, ""
}

// A frame is the length of its content (4 bytes), a checksum of length and content
// (4 bytes, CRC-32C), and the content.
const frameHead = 8

// maxFrame bounds a record, so that a damaged length is not believed.
const maxFrame = 1 << 20

func checksum(length, content []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(length, table), table, content)
}

func appendFrame(b, content []byte) []byte {
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(content)))
	b = append(b, length...)
	b = binary.LittleEndian.AppendUint32(b, checksum(length, content))
	return append(b, content...)
}

// errTorn means that there is no whole frame here.
var errTorn = errors.New("no whole record here")

// readFrame reads one frame; io.EOF at a clean end, errTorn where there is none.
func readFrame(r io.Reader) ([]byte, error) {
	var head [frameHead]byte
	n, err := io.ReadFull(r, head[:])
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errTorn
	case err != nil:
		return nil, fmt.Errorf("read %d bytes of a frame: %w", n, err)
	}
	length := binary.LittleEndian.Uint32(head[:4])
	if length == 0 || length > maxFrame {
		return nil, errTorn
	}
	content := make([]byte, length)
	if _, err := io.ReadFull(r, content); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errTorn
		}
		return nil, fmt.Errorf("read a frame of %d bytes: %w", length, err)
	}
	if checksum(head[:4], content) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errTorn
	}
	return content, nil
}

// segment is one file of records.
type segment struct {
	file  File
	first uint64 // sequence of its first record, as its name says
	last  uint64 // sequence of its last record; first-1: none
	size  int64
}

func openSegment(files Files, first uint64) (*segment, error) {
	f, size, err := files.Open(fileName(first, segmentKind))
	if err != nil {
		return nil, err
	}
	return &segment{file: f, first: first, last: first - 1, size: size}, nil
}

func (g *segment) name() string { return fileName(g.first, segmentKind) }

// add writes frames at the end and waits for the disk.
func (g *segment) add(frames []byte) error {
	n, err := g.file.Write(frames)
	g.size += int64(n)
	if err != nil {
		return err
	}
	return g.file.Sync()
}

// cut shortens the file.
func (g *segment) cut(size int64) error {
	if err := g.file.Truncate(size); err != nil {
		return err
	}
	g.size = size
	return g.file.Sync()
}

// reader reads frames from an offset on.
func (g *segment) reader(offset int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(g.file, offset, g.size-offset), 64<<10)
}

// scan reads the segment to its end: where the last whole frame in unbroken order
// ends, and its head.
func (g *segment) scan() (end int64, last chain.Head, err error) {
	r := g.reader(0)
	for want := g.first; ; want++ {
		raw, err := readFrame(r)
		if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
			return end, last, nil
		}
		if err != nil {
			return 0, last, err
		}
		l, err := link(raw)
		if err != nil || l.Sequence != want {
			return end, last, nil // as torn: what follows is of no chain
		}
		end += frameHead + int64(len(raw))
		last = l.Head()
	}
}

// link reads what chains a record of our own.
func link(raw []byte) (chain.Link, error) {
	var l chain.Link
	err := json.Unmarshal(raw, &l)
	return l, err
}
