package reason

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// templates is every sentence that the engine itself can print; those of signs and
// hypotheses are in the table. Words in braces are filled in.
var templates = map[string]string{
	"published": "{what} (published by {source})",

	// The sentence that may be quoted.
	"probes":      "what {vantages} vantage points in {networks} networks measured of {service}",
	"observers":   "what {sources} published of {service}",
	"span":        "From {from} to {to} UTC on {day}",
	"span-minute": "At {from} UTC on {day}",
	"span-days":   "From {from} to {to} UTC",
	"span-open":   "So far",
	"likely":      "{span}, {who} is consistent with {title}, and more so than with {rival}.",
	"ambiguous":   "{span}, {who} is consistent with {titles}, and more so than with {rival}; between the first {count} it does not decide.",
	"inseparable": "{span}, {who} is consistent with {titles}, and more so than with {rival}; from outside the first {count} cannot be told apart.",
	// The same where the table has nothing that comes behind.
	"likely-alone":      "{span}, {who} is consistent with {title}.",
	"ambiguous-alone":   "{span}, {who} is consistent with {titles}; between these it does not decide.",
	"inseparable-alone": "{span}, {who} is consistent with {titles}; from outside these cannot be told apart.",

	"attack":        "Who is behind an attack cannot be measured.",
	"crowd-alone":   "There is too little to say what the trouble with {service} is consistent with: only people's reports, and no probe that looked.",
	"one-observer":  "There is too little to say what the trouble with {service} is consistent with: only what {sources} published, and no probe that looked.",
	"nobody":        "There is too little to say what the trouble with {service} is consistent with: no probe that can be believed looked, and nobody reported it.",
	"few-attempts":  "There is too little to say what the trouble with {service} is consistent with: {tries}, and {needed} are needed.",
	"few-vantages":  "There is too little to say what the trouble with {service} is consistent with: {places} looked, and {needed} in {needednetworks} are needed.",
	"torn":          "What was measured of {service} fits causes of {count} kinds and does not tell them apart, so that none is put forward.",
	"nothing-tells": "What was measured of {service} does not tell causes apart: nothing seen speaks clearly for any of them.",

	// The same in a few words, for lists.
	"short":        "consistent with {title}, {word}",
	"short-either": "consistent with {titles}",
	"short-many":   "consistent with {title}, or with {count} others",
	"short-none":   "cannot tell",

	// How likely, and how sound.
	"likelihood":       "It is {word} the explanation.",
	"likelihood-joint": "It is {word} that one of them is the explanation.",
	"confidence":       "Confidence is {trust}: {reasons}.",
	"sample":           "{attempts} attempts from {vantages} vantage points in {networks} networks",
	"baseline":         "set against {minutes} before",
	"no-baseline":      "with no quiet minutes to set it against",
	"agrees":           "the evidence agrees",
	"mixed":            "some of the evidence speaks against it",
	"observers-only":   "it rests on what others published, whose method we have not seen",
	"no-ground":        "there is no ground for a judgement",

	// Which layer.
	"layer":            "{share} of {sample} failed attempts failed first at {layer}",
	"layer-two":        "{share} of {sample} failed attempts failed first at {layer}, and {other} at {second}",
	"layer-below":      "connections lose packets or are slow, so answers that never came count there: with them {share} of {sample} failed attempts are of {layer}",
	"layer-none":       "{attempts} attempts, and next to none failed",
	"layer-slow":       "few attempts fail; connections take {value} as long as before",
	"layer-slow-first": "few attempts fail and connections are as quick as before; answers take {value} as long",
	"layer-published":  "{sources} published that {what}",
	"layer-few":        "too few failed attempts to say",
	"layer-ground":     "too few attempts or vantage points to say",
	"layer-unknown":    "nobody looked",

	// The chain of causes.
	"not-seen":    "not seen from outside; it would be: {text}",
	"not-yet":     "not seen so far: {text}",
	"not-decided": "not decided: {titles}",

	// What would decide.
	"want-probes": "attempts from at least {vantages} vantage points in {networks} networks",
	"want-sign":   "{look}",

	// What moved a verdict.
	"moved-new":     "new: {sentence}",
	"moved-changed": "now: {sentence}",
	"moved-gone":    "no longer: {sentence}",
}

// fill puts values into a template; pairs are name and value.
func fill(template string, pairs ...string) string {
	return fillText(templates[template], pairs...)
}

func fillText(text string, pairs ...string) string {
	named := slices.Clone(pairs) // a caller may use its own again
	for i := 0; i+1 < len(named); i += 2 {
		named[i] = "{" + named[i] + "}"
	}
	return strings.NewReplacer(named...).Replace(text)
}

// sentenceOf fills the sentence of a sign.
func sentenceOf(text string, f feature.Feature) string {
	return fillText(text, "value", valueText(f.Value, unitOf(f.Name)), "sample", countText(f.Sample),
		"vantages", countText(f.Vantages), "networks", countText(f.Networks))
}

// countText writes how many there were; observers do not always say.
func countText(n int) string {
	if n == 0 {
		return "an unknown number of"
	}
	return strconv.Itoa(n)
}

// unitOf is the unit of a feature, empty when the vocabulary does not have it.
func unitOf(name string) string {
	w, _ := feature.Find(name)
	return w.Unit
}

// valueText writes a value as people read it.
func valueText(v float64, unit string) string {
	switch unit {
	case feature.UnitShare:
		return percent(v)
	case feature.UnitRatio:
		return number(v) + " times"
	case feature.UnitYes:
		if v >= 0.5 {
			return "yes"
		}
		return "no"
	case feature.UnitHour:
		return fmt.Sprintf("%02d:00", int(v))
	case "", feature.UnitCount:
		return number(v)
	}
	return number(v) + " " + unit
}

// percent writes a share; what is neither none nor all is never rounded to it.
func percent(v float64) string {
	switch {
	case v > 0 && v < 0.01:
		return "less than 1 %"
	case v > 0.99 && v < 1:
		return "more than 99 %"
	}
	return strconv.Itoa(int(math.Round(100*v))) + " %"
}

// number writes two significant figures, and all digits before the point.
func number(v float64) string {
	switch {
	case math.Abs(v) >= 10 || v == math.Trunc(v):
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	case math.Abs(v) >= 1:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// spanText writes a range as the table has it: a threshold is not rounded.
func spanText(r knowledge.Range, unit string) string {
	switch {
	case unit == feature.UnitYes && r.Holds(1):
		return "yes"
	case unit == feature.UnitYes && r.Holds(0):
		return "no"
	case r.From != nil && r.To != nil:
		return "between " + exactText(*r.From, unit) + " and " + exactText(*r.To, unit)
	case r.From != nil:
		return "at least " + exactText(*r.From, unit)
	case r.To != nil:
		return "at most " + exactText(*r.To, unit)
	}
	return ""
}

// exactText writes a threshold with all its digits.
func exactText(v float64, unit string) string {
	plain := func(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) }
	switch unit {
	case feature.UnitShare:
		return plain(100*v) + " %"
	case feature.UnitRatio:
		return plain(v) + " times"
	case feature.UnitHour:
		return valueText(v, unit)
	case "", feature.UnitCount:
		return plain(v)
	}
	return plain(v) + " " + unit
}

// spanOf writes from when to when was looked at, so that the sentence stands without
// the page around it; days are told twice where there are two.
func spanOf(from, to outage.Minute) string {
	const day, clock = "2 January 2006", "15:04"
	switch {
	case from == 0:
		return fill("span-open")
	case from == to:
		return fill("span-minute", "from", from.Time().Format(clock), "day", from.Time().Format(day))
	case from/outage.Day != to/outage.Day:
		return fill("span-days", "from", from.Time().Format(day+", "+clock), "to", to.Time().Format(day+", "+clock))
	}
	return fill("span", "from", from.Time().Format(clock), "to", to.Time().Format(clock), "day", from.Time().Format(day))
}

// list joins what people read.
func list(items []string) string { return join(items, ", ", " and ") }

// join puts a word of its own before the last item.
func join(items []string, between, last string) string {
	if len(items) == 0 {
		return ""
	}
	end := len(items) - 1
	if end == 0 {
		return items[0]
	}
	return strings.Join(items[:end], between) + last + items[end]
}

// numbers are written out where a sentence counts a few things.
var numbers = [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

// numberWord writes a small number as people write it.
func numberWord(n int) string {
	if n >= 0 && n < len(numbers) {
		return numbers[n]
	}
	return strconv.Itoa(n)
}

// layerWords are the layers as people read them.
var layerWords = map[outage.Layer]string{
	outage.LayerDNS: "the name", outage.LayerRoute: "the route", outage.LayerTCP: "the connection",
	outage.LayerTLS: "the handshake", outage.LayerQUIC: "QUIC", outage.LayerHTTP: "the answer", outage.LayerApp: "the content",
}

// likelihood gives the word of ICD 203 for a share. A verdict from outside is never
// called almost certain.
func likelihood(p float64) string {
	switch {
	case p < 0.05:
		return "almost no chance"
	case p < 0.20:
		return "very unlikely"
	case p < 0.45:
		return "unlikely"
	case p < 0.55:
		return "roughly even chance"
	case p < 0.80:
		return "likely"
	}
	return mostSure
}

// mostSure is the strongest word that a verdict may use.
const mostSure = "very likely"
