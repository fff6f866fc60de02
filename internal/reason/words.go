package reason

import (
	"fmt"
	"math"
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
	"probes":        "what {vantages} vantage points in {networks} networks measured",
	"observers":     "what {sources} published",
	"span":          "From {from} to {to} UTC",
	"span-open":     "So far",
	"likely":        "{span}, {who} is consistent with {title}, and more so than with {rival}.",
	"ambiguous":     "{span}, {who} is consistent with {titles}, and more so than with {rival}; it does not decide between them.",
	"inseparable":   "{span}, {who} is consistent with {titles}, and more so than with {rival}; from outside these cannot be told apart.",
	"attack":        "Who is behind an attack cannot be measured.",
	"crowd-alone":   "There is too little to say what this is consistent with: only people's reports, and no probe that looked.",
	"few-attempts":  "There is too little to say what this is consistent with: {attempts} attempts, and {needed} are needed.",
	"few-vantages":  "There is too little to say what this is consistent with: {vantages} vantage points in {networks} networks looked, and {needed} in {needednetworks} are needed.",
	"nothing-tells": "What was measured does not tell causes apart: nothing seen speaks clearly for any of them.",

	// How likely, and how sound.
	"likelihood":       "It is {word} the explanation.",
	"likelihood-joint": "It is {word} that one of them is the explanation.",
	"confidence":       "Confidence is {trust}: {reasons}.",
	"sample":           "{attempts} attempts from {vantages} vantage points in {networks} networks",
	"baseline":         "set against {minutes} quiet minutes before",
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
	"layer-unknown":    "nobody looked",

	// The chain of causes.
	"not-seen":    "not seen from outside; it would be: {text}",
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
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
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
	case "share":
		return percent(v)
	case "ratio":
		return number(v) + " times"
	case "yes":
		if v >= 0.5 {
			return "yes"
		}
		return "no"
	case "hour":
		return fmt.Sprintf("%02d:00", int(v))
	case "", "count":
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

// spanText writes a range as the table means it.
func spanText(r knowledge.Range, unit string) string {
	switch {
	case r.From != nil && r.To != nil:
		return "between " + valueText(*r.From, unit) + " and " + valueText(*r.To, unit)
	case r.From != nil:
		return "at least " + valueText(*r.From, unit)
	case r.To != nil:
		return "at most " + valueText(*r.To, unit)
	}
	return ""
}

// spanOf writes from when to when was looked at; days are told where there are two.
func spanOf(from, to outage.Minute) string {
	if from == 0 {
		return fill("span-open")
	}
	layout := "15:04"
	if from/outage.Day != to/outage.Day {
		layout = "2006-01-02 15:04"
	}
	return fill("span", "from", from.Time().Format(layout), "to", to.Time().Format(layout))
}

// list joins what people read.
func list(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
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
	return "very likely"
}
