package scrub

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a\r\nb\tc\x00\x7f": "a  b c  ", "\xff": "?", "0123456789x": "0123456789", "012345678ö": "012345678",
	} {
		if got := Line(in, 10); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"dial tcp 192.0.2.7:443: refused":            "dial tcp [scrubbed]: refused",
		"read [2001:db8::1%eth0]:53: reset":          "read [scrubbed]: reset",
		"lookup shop.example on 127.0.0.53:53: nope": "lookup shop.example on [scrubbed]: nope",
		"tls: handshake failure":                     "tls: handshake failure",
		"read udp [2001:db8::1]:5353: odd":           "read udp [scrubbed]: odd",
		"from fe80::1 to ::1":                        "from [scrubbed] to [scrubbed]",
	} {
		if got := Addresses(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for in, want := range map[string]string{
		"<html><TITLE lang=en>\n A\tpage \n</Title>": "A page", "<title>": "", "": "", "<title></title>": "",
	} {
		if got := Title([]byte(in), 100); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\nb\xff", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 0 {
			return
		}
		got := Line(s, n)
		if len(got) > n || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00") {
			t.Errorf("%q, %d: %q", s, n, got)
		}
		if again := Addresses(Addresses(got)); again != Addresses(got) {
			t.Errorf("%q is scrubbed twice: %q", got, again)
		}
	})
}
