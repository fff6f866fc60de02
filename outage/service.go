package outage

// Service is something that can be out: an app, a site, a carrier, a cloud.
// The catalog is its only writer.
type Service struct {
	ID      string   `json:"id"`                // lower case, [a-z0-9-], never reused
	Name    string   `json:"name"`              // as people write it
	Aliases []string `json:"aliases,omitempty"` // other names people look for
	Kind    string   `json:"kind"`              // section of the catalog: social, messaging, bank, ...
	// Family names the owner or brand group whose services tend to fail together.
	Family   string `json:"family,omitempty"`
	Homepage string `json:"homepage,omitempty"`
	// StatusPage is where its vendor says how it is: the address of a Statuspage, or
	// of a feed of incidents.
	StatusPage string `json:"status_page,omitempty"`
	Hosts      []Host `json:"hosts,omitempty"`
	// Providers are the clouds, CDNs and carriers it is known to stand on.
	Providers []string `json:"providers,omitempty"`
	// DependsOn are services that it cannot do without: who takes its logins, its
	// payments, its messages. What it stands on as a whole is a provider.
	DependsOn []string `json:"depends_on,omitempty"`
	// Networks are the AS numbers that the service's own customers come from: a
	// carrier's users report from the carrier, and no cap may silence them.
	Networks   []uint32 `json:"networks,omitempty"`
	Categories []string `json:"categories"`          // report categories, the usual one first
	Countries  []string `json:"countries,omitempty"` // ISO 3166-1 alpha-2 where it matters; empty: everywhere
	Retired    bool     `json:"retired,omitempty"`   // gone from the file, kept for its history
}

// Host is one name under which a service is reached.
type Host struct {
	Name     string `json:"name"`
	Role     string `json:"role,omitempty"` // web, mobile, api, cdn
	Verified bool   `json:"verified"`       // false: nobody has checked that it belongs to the service
}

// DefaultCategories are the report categories of a service that names none.
func DefaultCategories() []string {
	return []string{"app", "website", "server-connection", "login"}
}

// HasCategory says whether people may report c for the service.
func (s *Service) HasCategory(c string) bool {
	for _, have := range s.Categories {
		if have == c {
			return true
		}
	}
	return false
}

// Key identifies this version of the service: its id and a hash of what it says.
func (s *Service) Key() string { return s.ID + "/" + contentHash(s) }
