package probe

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"faultline/outage"
)

// Providers whose answers are told apart by their heads.
const (
	providerCloudflare = "cloudflare"
	providerFastly     = "fastly"
	providerCloudFront = "cloudfront"
	providerAkamai     = "akamai"
	providerGoogle     = "google"
	providerAzure      = "azure-front-door"
)

// provider reads from a head who answered, at which edge, and whether from a cache.
func provider(h http.Header) (name, edge, cache string) {
	switch {
	case h.Get("Cf-Ray") != "":
		ray := h.Get("Cf-Ray")
		return providerCloudflare, cut(ray[strings.LastIndexByte(ray, '-')+1:]), cut(h.Get("Cf-Cache-Status"))
	case strings.HasPrefix(h.Get("X-Served-By"), "cache-"):
		return providerFastly, cut(h.Get("X-Served-By")), cut(h.Get("X-Cache"))
	case h.Get("X-Amz-Cf-Pop") != "":
		return providerCloudFront, cut(h.Get("X-Amz-Cf-Pop")), cut(h.Get("X-Cache"))
	case h.Get("X-Azure-Ref") != "":
		return providerAzure, "", cut(h.Get("X-Cache"))
	case strings.Contains(h.Get("Server"), "AkamaiGHost"), h.Get("X-Akamai-Request-Id") != "":
		return providerAkamai, "", cut(h.Get("X-Cache"))
	case h.Get("Via") == "1.1 google":
		return providerGoogle, "", ""
	}
	return "", "", cut(h.Get("X-Cache"))
}

// markerBytes of a page are searched for what sort it is.
const markerBytes = 64 << 10

// marker is a text that tells the sort of a page. Small pages of a refusal are
// meant: in a long page the same words are an article.
type marker struct {
	text  string // lower case
	class outage.BodyClass
}

// markers, the most telling first.
var markers = []marker{
	{"challenge-platform", outage.BodyChallenge},
	{"just a moment...", outage.BodyChallenge},
	{"checking your browser", outage.BodyChallenge},
	{"verify you are human", outage.BodyChallenge},
	{"g-recaptcha", outage.BodyChallenge},
	{"h-captcha", outage.BodyChallenge},
	{"waiting room", outage.BodyQueue},
	{"you are now in line", outage.BodyQueue},
	{"queue-it.net", outage.BodyQueue},
	{"you have been blocked", outage.BodyBlockPage},
	{"access denied", outage.BodyBlockPage},
	{"unusual traffic from your", outage.BodyBlockPage},
	{"not available in your country", outage.BodyBlockPage},
	{"not available in your region", outage.BodyBlockPage},
	{"scheduled maintenance", outage.BodyMaintenance},
	{"under maintenance", outage.BodyMaintenance},
	{"down for maintenance", outage.BodyMaintenance},
}

// refusalBytes is the size up to which the markers of a page that says 200 count:
// pages of refusal are short.
const refusalBytes = 32 << 10

// classify says what sort of page an answer was, from its head, its status and
// its words. A success is believed unless a short page says otherwise.
func classify(res *http.Response, body []byte, title string) outage.BodyClass {
	refused := res.StatusCode >= 400
	switch {
	case res.Header.Get("Cf-Mitigated") == "challenge":
		return outage.BodyChallenge
	case res.StatusCode == http.StatusUnavailableForLegalReasons:
		return outage.BodyBlockPage
	}
	if refused || len(body) < refusalBytes && telling(title) {
		text := bytes.ToLower(body[:min(len(body), markerBytes)])
		for _, m := range markers {
			if bytes.Contains(text, []byte(m.text)) && (refused || strings.Contains(strings.ToLower(title), titleWord(m.class))) {
				return m.class
			}
		}
	}
	switch {
	case refused:
		return outage.BodyErrorPage
	case len(body) == 0 && res.StatusCode == http.StatusOK:
		return outage.BodyEmpty
	}
	return outage.BodyOK
}

// telling says whether a title holds any of the words that a page that says 200 must
// show; most do not, and their bodies need not be searched.
func telling(title string) bool {
	title = strings.ToLower(title)
	return slices.ContainsFunc(markers, func(m marker) bool { return strings.Contains(title, titleWord(m.class)) })
}

// titleWord is what the title of a page that says 200 must hold beside the marker,
// so that a page about captchas or queues is not taken for one.
func titleWord(c outage.BodyClass) string {
	switch c {
	case outage.BodyChallenge:
		return "moment"
	case outage.BodyQueue:
		return "wait"
	case outage.BodyBlockPage:
		return "denied"
	}
	return "maintenance"
}
