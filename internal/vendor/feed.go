package vendor

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"

	"faultline/outage"
)

// feed is what is read of RSS 2.0, of RSS 1.0, whose items stand beside the
// channel, and of Atom.
type feed struct {
	XMLName xml.Name
	Channel struct {
		Items []feedItem `xml:"item"`
	} `xml:"channel"`
	Items   []feedItem `xml:"item"`
	Entries []feedItem `xml:"entry"`
}

// feedItem is an item of RSS or an entry of Atom.
type feedItem struct {
	Title       string `xml:"title"`
	GUID        string `xml:"guid"`
	ID          string `xml:"id"`
	Description string `xml:"description"`
	Content     string `xml:"content"`
	Summary     string `xml:"summary"`
	PubDate     string `xml:"pubDate"`
	Published   string `xml:"published"`
	Updated     string `xml:"updated"`
	Date        string `xml:"date"` // of Dublin Core
	Links       []struct {
		Href string `xml:"href,attr"`
		Text string `xml:",chardata"`
	} `xml:"link"`
}

// openFor is how long an entry without a word of its end counts as open: some feeds
// never say that something is over.
const openFor = outage.Day

func parseFeed(body []byte, now outage.Minute) (*reading, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		e, err := htmlindex.Get(label)
		if err != nil {
			return nil, fmt.Errorf("character set %q: %w", text(label), err)
		}
		return e.NewDecoder().Reader(in), nil
	}
	d.Strict = false // feeds are written by hand more often than one would think
	d.Entity = xml.HTMLEntity
	var f feed
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("decode the feed: %w", err)
	}
	switch f.XMLName.Local {
	case "rss", "RDF", "feed":
	default:
		return nil, errNoPage
	}
	r := &reading{}
	for _, list := range [][]feedItem{f.Channel.Items, f.Items, f.Entries} {
		for i := range list {
			if len(r.items) == maxItems {
				r.truncated = true
				break
			}
			if it := list[i].item(now); it.id != "" {
				r.items = append(r.items, it)
			}
		}
	}
	r.status = feedStatus(r.items)
	return r, nil
}

// item takes over an entry of a feed.
func (f *feedItem) item(now outage.Minute) item {
	it := item{title: text(f.Title)}
	for _, l := range f.Links {
		if it.link = link(first(l.Href, l.Text)); it.link != "" {
			break
		}
	}
	it.id = text(first(f.GUID, f.ID, it.link, it.title))
	it.posted = date(first(f.Published, f.PubDate, f.Date, f.Updated))
	latest := max(it.posted, date(first(f.Updated, f.PubDate, f.Published, f.Date)))
	body := plain(first(f.Description, f.Content, f.Summary))
	it.status = stage(it.title, body)
	it.open = !closedWord(it.status) && it.status != stageScheduled && latest != 0 && now-latest < openFor
	return it
}

// stageScheduled is the word of maintenance that is announced; it is no incident.
const stageScheduled = "scheduled"

// stages are the words by which a vendor says how far an incident is. The first of
// them in the newest update counts, and that stands first.
var stages = regexp.MustCompile(`(?i)\b(resolved|completed|operating normally|back to normal|postmortem|monitoring|identified|investigating|in progress|verifying|scheduled|update)\b`)

// stage finds how far an incident is: by its title if that says so in brackets or
// before a colon, as large clouds write it, else by the first such word of its text.
func stage(title, body string) string {
	for _, s := range []string{bracketed(title), body, title} {
		if m := stages.FindString(s); m != "" {
			switch m = strings.ToLower(m); m {
			case "operating normally", "back to normal":
				return "resolved"
			case "in progress":
				return "in_progress"
			}
			return m
		}
	}
	return ""
}

// inBrackets is what stands between brackets, or before a colon.
var inBrackets = regexp.MustCompile(`\[([^\]]{1,40})\]|^([^:]{1,60}):`)

func bracketed(title string) string { return strings.Join(inBrackets.FindAllString(title, 4), " ") }

// maxMarkup of a text is searched for a stage; the newest update stands first.
const maxMarkup = 2000

var tag = regexp.MustCompile(`<[^>]{0,300}>`)

// plain takes the markup out of the beginning of a text.
func plain(s string) string {
	s = s[:min(len(s), maxMarkup)]
	return tag.ReplaceAllString(s, " ")
}

func first(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// layouts of dates in feeds: those of the standards, and what is found.
var layouts = [...]string{
	time.RFC3339, time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST",
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", time.RFC850, "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700",
}

// zones that a date may name; another name would silently be read as UTC.
var zones = map[string]string{
	"PST": "-0800", "PDT": "-0700", "MST": "-0700", "MDT": "-0600", "CST": "-0600", "CDT": "-0500", "EST": "-0500", "EDT": "-0400",
	"GMT": "+0000", "UTC": "+0000", "UT": "+0000", "Z": "+0000",
}

// date reads a date of a feed; 0 when it cannot be read.
func date(s string) outage.Minute {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		if offset, ok := zones[s[i+1:]]; ok {
			s = s[:i+1] + offset
		}
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return minuteOf(t)
		}
	}
	return 0
}
