package demo

// country is one place that reports come from.
type country struct {
	code   string
	offset float64 // hours ahead of UTC, of the zone where most people live
	rest   float64 // weight in the surge beyond the countries with figures
	delay  int     // minutes by which the surge reaches it later
	nets   []share // networks with many customers there; shares are assumptions
}

// share is a name with a weight.
type share struct {
	name   string
	weight float64
}

// countries are ordered by code, and networks by name, so that cells come out in
// the order that records want.
var countries = [...]country{
	{"AR", -3, 2.5, 1, []share{{"AS22927", .5}, {"AS7303", .5}}},
	{"AU", 11, 3, 3, []share{{"AS1221", .45}, {"AS4804", .25}, {"AS7545", .3}}},
	{"BR", -3, 10, 1, []share{{"AS26599", .15}, {"AS27699", .35}, {"AS28573", .35}, {"AS7738", .15}}},
	{"CA", -5, 8, 0, []share{{"AS577", .35}, {"AS6327", .15}, {"AS812", .35}, {"AS852", .15}}},
	{"CO", -5, 2, 2, []share{{"AS10620", .6}, {"AS3816", .4}}},
	{"DE", 1, 7, 0, []share{{"AS3209", .3}, {"AS3320", .45}, {"AS6805", .25}}},
	{"EG", 2, 1, 2, []share{{"AS24863", .3}, {"AS8452", .7}}},
	{"ES", 1, 6, 1, []share{{"AS12430", .3}, {"AS12479", .3}, {"AS3352", .4}}},
	{"FR", 1, 6, 0, []share{{"AS12322", .25}, {"AS15557", .2}, {"AS3215", .4}, {"AS5410", .15}}},
	{"GB", 0, 0, 0, []share{{"AS206067", .15}, {"AS25135", .1}, {"AS2856", .3}, {"AS5089", .25}, {"AS5607", .2}}},
	{"ID", 7, 6, 2, []share{{"AS23693", .5}, {"AS7713", .5}}},
	{"IE", 0, 1, 0, []share{{"AS5466", .6}, {"AS6830", .4}}},
	{"IN", 5.5, 0, 1, []share{{"AS24560", .1}, {"AS38266", .15}, {"AS45609", .25}, {"AS55836", .5}}},
	{"IT", 1, 5, 1, []share{{"AS1267", .35}, {"AS30722", .25}, {"AS3269", .4}}},
	{"JP", 9, 20, 2, []share{{"AS17676", .3}, {"AS2516", .3}, {"AS2527", .1}, {"AS4713", .3}}},
	{"KR", 9, 1.5, 2, []share{{"AS3786", .25}, {"AS4766", .4}, {"AS9318", .35}}},
	{"MX", -6, 6, 1, []share{{"AS13999", .1}, {"AS28403", .3}, {"AS8151", .6}}},
	{"NG", 1, 1.5, 3, []share{{"AS29465", .6}, {"AS37148", .4}}},
	{"NL", 1, 3, 0, []share{{"AS1136", .5}, {"AS33915", .5}}},
	{"PH", 8, 2, 3, []share{{"AS4775", .4}, {"AS9299", .6}}},
	{"PL", 1, 2, 1, []share{{"AS12741", .2}, {"AS5617", .5}, {"AS8374", .3}}},
	{"PT", 0, 1, 1, []share{{"AS2860", .4}, {"AS3243", .6}}},
	{"SA", 3, 3, 2, []share{{"AS25019", .6}, {"AS35819", .4}}},
	{"SE", 1, 1.5, 0, []share{{"AS1257", .4}, {"AS3301", .6}}},
	{"TH", 7, 2, 3, []share{{"AS23969", .5}, {"AS7470", .5}}},
	{"TR", 3, 4, 1, []share{{"AS16135", .2}, {"AS34984", .3}, {"AS9121", .5}}},
	{"US", -5, 0, 0, []share{{"AS20115", .15}, {"AS21928", .2}, {"AS22773", .1}, {"AS701", .13}, {"AS7018", .17}, {"AS7922", .25}}},
	{"ZA", 2, 1.5, 2, []share{{"AS29975", .6}, {"AS37457", .4}}},
}

// indexOf is the place of a country in the table, -1 when it is not there.
func indexOf(code string) int {
	for i := range countries {
		if countries[i].code == code {
			return i
		}
	}
	return -1
}

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
	playing = []share{{"app", .35}, {"login", .10}, {"streaming", .40}, {"website", .15}}
	music   = []share{{"app", .40}, {"login", .10}, {"playback", .40}, {"website", .10}}
	mailbox = []share{{"app", .20}, {"login", .20}, {"receiving", .25}, {"sending", .20}, {"website", .15}}
	answers = []share{{"answers", .35}, {"app", .20}, {"login", .15}, {"website", .30}}
	carrier = []share{{"home-internet", .20}, {"mobile-internet", .40}, {"no-signal", .20}, {"phone-calls", .15}, {"text-messages", .05}}
	paying  = []share{{"app", .35}, {"login", .15}, {"payments", .35}, {"website", .15}}
	bank    = []share{{"app", .50}, {"cards", .10}, {"login", .20}, {"payments", .20}}
	hosting = []share{{"compute", .30}, {"console", .30}, {"network", .40}}
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
	{"netflix", 3, false, global, playing},
	{"gmail", 2, true, global, mailbox},
	{"chatgpt", 2, true, global, answers},
	{"reddit", 1.5, false, american, usual},
	{"spotify", 1.2, false, global, music},
	{"microsoft-teams", 1, true, global, meeting},
	{"att", 0.8, false, onlyUS, carrier},
	{"steam", 0.6, false, global, website},
	{"paypal", 0.4, false, global, paying},
	{"slack", 0.25, true, american, usual},
	{"github", 0.2, true, makers, website},
	{"vodafone-uk", 0.15, false, onlyGB, carrier},
	{"nubank", 0.08, false, onlyBR, bank},
	{"hetzner", 0.02, false, german, hosting},
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
