package gunzip

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

func TestReader(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("time,count\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"": "", "t": "t", "time,count\n": "time,count\n", packed.String(): "time,count\n"} {
		r, err := Reader(strings.NewReader(in), 64)
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
	if _, err := Reader(strings.NewReader("\x1f\x8bno"), 64); err == nil || !strings.Contains(err.Error(), "whole gzip file") {
		t.Errorf("a broken file: %v", err)
	}
}
