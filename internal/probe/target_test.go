package probe

import (
	"strconv"
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]string{
		"shop.example":                 "https://shop.example/ shop.example 443",
		"Shop.Example:443":             "https://Shop.Example:443/ shop.example 443",
		"shop.example:80":              "http://shop.example:80/ shop.example 80",
		"shop.example:25":              "tcp://shop.example:25 shop.example 25",
		"shop.example/a?b=c#d":         "https://shop.example/a?b=c shop.example 443",
		"http://shop.example:8080/x":   "http://shop.example:8080/x shop.example 8080",
		"tls://shop.example:993":       "tls://shop.example:993 shop.example 993",
		"https://[2001:db8::1]:8443/x": "https://[2001:db8::1]:8443/x 2001:db8::1 8443",
		"192.0.2.1":                    "https://192.0.2.1/ 192.0.2.1 443",
	} {
		got, err := ParseTarget(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if s := got.URL + " " + got.Host + " " + strconv.Itoa(got.Port); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
	for text, want := range map[string]string{
		"ftp://a.example": "scheme ftp", "": "no host", "https://": "no host", "tcp://a.example": "needs a port",
		"https://u:p@a.example/": "name or password", "https://a.example:99999/": "use 1 to 65535", "https://a.example:x/": "port", "a b": "invalid",
	} {
		if _, err := ParseTarget(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %q", text, err, want)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"shop.example", "http://[::1]:80/", "a:b:c", "tcp://x:1", "%zz", "https://\x00/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTarget(text)
		if err == nil && (got.Host == "" || got.Port < 1 || got.Port > 65535 || got.URL == "") {
			t.Errorf("%q gives %+v", text, got)
		}
	})
}
