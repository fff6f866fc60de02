// Package names knows how services, kinds and categories are called and how people
// find a service by what they type.
//
// It reads a list of services and writes nothing. Method: names are compared in
// folded form (lower case, no accents, single spaces); a search ranks whole names
// before beginnings, words, parts and typing mistakes.
//
// Limits: MaxQueryRunes, MaxDistance. A search looks at every name of every
// service, which takes well under a millisecond for a thousand services.
package names

import (
	"strings"

	"faultline/outage"
)

// Kind is a section of the catalog.
type Kind struct {
	ID         string
	Label      string   // as a page writes it
	Categories []string // what its users report when a service names nothing else
}

// Kinds lists the sections in the order in which pages show them.
func Kinds() []Kind {
	app := outage.DefaultCategories()
	return []Kind{
		{"social", "Social networks", []string{"app", "website", "server-connection", "login", "feed", "posting"}},
		{"messaging", "Messaging", []string{"sending", "receiving", "app", "calls", "server-connection", "login"}},
		{"mail", "Mail", []string{"receiving", "sending", "login", "app", "website"}},
		{"meetings", "Calls and meetings", []string{"joining", "audio-video", "app", "website", "login"}},
		{"video", "Video and television", []string{"streaming", "app", "website", "login"}},
		{"music", "Music and audio", []string{"playback", "app", "website", "login"}},
		{"games", "Games", []string{"login", "server-connection", "gameplay", "matchmaking", "website"}},
		{"banks", "Banks", []string{"app", "online-banking", "payments", "cards", "login"}},
		{"payments", "Payments", []string{"payments", "app", "website", "login", "transfers"}},
		{"trading", "Brokers and exchanges", []string{"trading", "app", "website", "login", "transfers"}},
		{"carriers", "Carriers and internet access", []string{"mobile-internet", "phone-calls", "text-messages", "no-signal", "home-internet"}},
		{"clouds", "Clouds and hosting", []string{"console", "api", "compute", "storage", "network", "dns", "login"}},
		{"cdns", "CDN and DNS", []string{"website", "dns", "network", "dashboard", "api"}},
		{"devtools", "Developer tools", []string{"website", "api", "login", "git", "builds", "downloads"}},
		{"ai", "AI assistants", []string{"website", "app", "answers", "api", "login"}},
		{"work", "Work and school", []string{"app", "website", "login", "sync", "server-connection"}},
		{"search", "Search and maps", []string{"website", "app", "search", "login"}},
		{"shopping", "Shopping", []string{"website", "app", "checkout", "login", "orders"}},
		{"delivery", "Food and parcels", []string{"app", "website", "orders", "tracking", "payments", "login"}},
		{"travel", "Travel and transport", []string{"app", "website", "booking", "payments", "login"}},
		{"news", "News and reference", []string{"website", "app", "login", "server-connection"}},
		{"government", "Public services", []string{"website", "login", "forms", "app"}},
		{"home", "Home and devices", []string{"app", "device-connection", "login", "server-connection"}},
		{"dating", "Dating", app},
		{"other", "Other", app},
	}
}

// KindOf finds a section by its id.
func KindOf(id string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.ID == id {
			return k, true
		}
	}
	return Kind{}, false
}

// KindLabel is a section's name for people; an operator's own kind is named after
// its id.
func KindLabel(id string) string {
	if k, ok := KindOf(id); ok {
		return k.Label
	}
	return sentence(id)
}

// CategoryLabel is the English label of a report category. Ids that the table
// does not know read as a sentence of their own: "push-messages" is "Push messages".
func CategoryLabel(id string) string {
	switch id {
	case "":
		return "Not said"
	case "api":
		return "API"
	case "dns":
		return "DNS"
	case "login":
		return "Login or account"
	case "feed":
		return "Feed or timeline"
	case "audio-video":
		return "Sound or picture"
	case "sync":
		return "Synchronisation"
	case "home-internet":
		return "Home internet"
	case "answers":
		return "Answers fail or stop"
	case "git":
		return "Git operations"
	case "cards":
		return "Cards and cash machines"
	}
	return sentence(id)
}

// sentence turns an id into words: "server-connection" into "Server connection".
func sentence(id string) string {
	words := strings.ReplaceAll(id, "-", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
