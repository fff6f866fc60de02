// Package gunzip reads files that may come as gzip.
//
// It reads what it is given and writes nothing. Limits: what is unpacked is not
// bounded here; whoever reads bounds lines and rows.
package gunzip

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// Reader gives the plain bytes of in, unpacked if they begin as gzip does, with a
// buffer of size bytes. The error of a broken file does not name it: the caller does.
func Reader(in io.Reader, size int) (*bufio.Reader, error) {
	buf := bufio.NewReaderSize(in, size)
	if magic, _ := buf.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buf, nil // what is too short for gzip is the caller's to judge
	}
	z, err := gzip.NewReader(buf)
	if err != nil {
		return nil, fmt.Errorf("%w: is it a whole gzip file?", err)
	}
	return bufio.NewReaderSize(z, size), nil
}
