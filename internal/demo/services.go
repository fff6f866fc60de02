package demo

// ServiceX is the service whose day is rebuilt.
const ServiceX = "x"

// service is one of the twenty with an ordinary life.
type service struct {
	id         string
	rate       float64 // mean reports per minute worldwide, over a week
	office     bool    // follows working hours instead of evenings
	audience   []share // countries; the rest of the weight goes to all others
	categories []share // ordered by name
}

// Audiences: the countries named take their share, the others divide the rest.
var (
	global   = []share{{"US", .32}, {"GB", .10}, {"IN", .06}, {"JP", .09}, {"BR", .06}, {"DE", .05}, {"CA", .05}, {"FR", .04}}
	american = []share{{"US", .80}, {"CA", .10}, {"MX", .03}}
	indian   = []share{{"IN", .25}, {"BR", .18}, {"GB", .08}, {"DE", .08}, {"ES", .05}, {"IT", .05}, {"MX", .06}}
	makers   = []share{{"US", .35}, {"DE", .12}, {"GB", .10}, {"IN", .10}, {"FR", .06}, {"NL", .05}}
	onlyUS   = []share{{"US", .999}}
	onlyGB   = []share{{"GB", .999}}
	onlyBR   = []share{{"BR", .999}}
	german   = []share{{"DE", .60}, {"NL", .10}, {"FR", .06}, {"US", .08}}
)

// Category shares of quiet days, assumptions all.
var (
	usual   = []share{{"app", .50}, {"login", .08}, {"server-connection", .12}, {"website", .30}}
	video   = []share{{"app", .30}, {"login", .05}, {"server-connection", .15}, {"website", .50}}
	website = []share{{"login", .25}, {"website", .75}}
	meeting = []share{{"app", .45}, {"audio-video", .15}, {"joining", .20}, {"login", .10}, {"website", .10}}
)

// services are the twenty, by size. Ids are those of the starter catalog.
var services = [...]service{
	{ServiceX, 30, false, global, usual},
	{"youtube", 9, false, global, video},
	{"instagram", 7, false, global, usual},
	{"facebook", 6, false, global, usual},
	{"whatsapp", 5, false, indian, usual},
	{"discord", 4, false, american, usual},
	{"netflix", 3, false, global, usual},
	{"gmail", 2, true, global, usual},
	{"chatgpt", 2, true, global, usual},
	{"reddit", 1.5, false, american, usual},
	{"spotify", 1.2, false, global, usual},
	{"microsoft-teams", 1, true, global, meeting},
	{"att", 0.8, false, onlyUS, usual},
	{"steam", 0.6, false, global, website},
	{"paypal", 0.4, false, global, usual},
	{"slack", 0.25, true, american, usual},
	{"github", 0.2, true, makers, website},
	{"vodafone-uk", 0.15, false, onlyGB, usual},
	{"nubank", 0.08, false, onlyBR, usual},
	{"hetzner", 0.02, false, german, website},
}

// Shares of the surge by country, as published; the others are taken to report
// like the United States. India's do not add up to 100, and the rest is given to
// server-connection. In the order of the usual categories.
var surgeCategories = map[string][4]float64{
	"US": {.57, 0, .09, .34},
	"GB": {.61, 0, .05, .34},
	"IN": {.42, .04, .01, .53},
}

// Hours of the local day, from midnight: assumed shapes of when people report.
var (
	evenings = [24]float64{.45, .3, .2, .15, .15, .2, .35, .55, .75, .85, .9, .95, 1, 1.05, 1.1, 1.15, 1.25, 1.4, 1.6, 1.75, 1.8, 1.65, 1.25, .8}
	working  = [24]float64{.1, .08, .07, .07, .08, .12, .3, .7, 1.5, 2.3, 2.5, 2.3, 1.8, 2, 2.3, 2.1, 1.7, 1.1, .6, .4, .35, .3, .2, .15}
)

// Factors of Saturday and Sunday.
const (
	eveningsWeekend = 1.1
	workingWeekend  = 0.25
)
