package feature

import (
	"math"

	"faultline/internal/attempts"
	"faultline/outage"
)

// answers says what sort of errors come, and how fast.
func (x *extract) answers() {
	bad := x.n(attempts.BadAnswer)
	between := func(from, to int) int {
		n := 0
		for s := from; s <= to; s++ {
			n += x.n(attempts.Status(s))
		}
		return n
	}
	for _, s := range []struct {
		name     string
		from, to int
	}{
		{Status5xxShare, 500, 599}, {Status500Share, 500, 500}, {Status502Share, 502, 502}, {Status503Share, 503, 503},
		{Status504Share, 504, 504}, {Status52xShare, 520, 530}, {Status403Share, 403, 403}, {Status404Share, 404, 404},
		{Status429Share, 429, 429},
	} {
		x.of(s.name, between(s.from, s.to), bad)
	}
	top, entropy := 0, 0.0
	for s := range 600 {
		if n := x.n(attempts.Status(s)); n > 0 {
			top = max(top, n)
			p := float64(n) / float64(bad)
			entropy -= p * math.Log2(p)
		}
	}
	x.of(TopStatusShare, top, bad)
	if bad > 0 {
		x.put(StatusEntropy, entropy, bad)
	}
	x.of(ComeAgain, x.n(attempts.ComeAgain), bad)
	edge := between(520, 530)
	x.of(ProviderError, edge, bad)
	http := outage.LayerHTTP
	requests := x.fell(http)
	x.of(RedirectLoop, x.words(http, outage.FailureRedirectLoop), requests)
	x.of(Truncated, x.words(http, outage.FailureTruncatedBody), requests)
	x.of(NoAnswer, x.n(attempts.NoAnswer), requests)
	speed := x.all.Times(attempts.TimeError)
	if ms, n := speed.Median(); n > 0 {
		x.put(ErrorSpeed, ms, n)
	}
}

// pages are answers that are no errors and not what people came for.
var pages = []struct {
	name string
	body outage.BodyClass
	word outage.Failure
}{
	{ChallengeShare, outage.BodyChallenge, outage.FailureChallenge},
	{BlockPageShare, outage.BodyBlockPage, outage.FailureBlockPage},
	{QueueShare, outage.BodyQueue, outage.FailureQueuePage},
	{MaintenanceShare, outage.BodyMaintenance, ""},
}

// sent counts the answers of a class among some.
func sent(n func(attempts.Code) int, body outage.BodyClass, word outage.Failure) int {
	count := 0
	if code, ok := attempts.Body(body); ok {
		count = n(code)
	}
	if word != "" {
		count = max(count, n(attempts.Word(outage.LayerHTTP, word)))
	}
	return count
}

// usualRefusals is the share of answers before the onset that may have been refusals
// for a later one still to say something.
const usualRefusals = 0.1

// mitigation says what share of answers keeps people out on purpose - where defences
// came later, of those since then - and when that began.
func (x *extract) mitigation() {
	n := x.n
	if x.shield != 0 {
		var behind attempts.Sum
		x.each(x.shield, x.last(), func(_ outage.Minute, _ *attempts.Spot, b *attempts.Bin, ok bool) {
			if ok {
				behind.Add(b)
			}
		})
		n = behind.N
	}
	answers := n(attempts.Answers)
	for _, p := range pages {
		x.of(p.name, sent(n, p.body, p.word), answers)
	}
	x.of(RateLimitShare, n(attempts.Status(429)), answers)
	if before := x.quiet.N(attempts.Answers); before > 0 && float64(refused(x.quiet.N)) > usualRefusals*float64(before) {
		return
	}
	if refused(n) == 0 {
		return // most causes bring none, and who looks at a day should not look twice
	}
	first := outage.Minute(0)
	total := 0
	x.each(x.onset, x.last(), func(m outage.Minute, _ *attempts.Spot, b *attempts.Bin, ok bool) {
		if n := refused(b.N); ok && n > 0 {
			total += n
			if first == 0 || m < first {
				first = m
			}
		}
	})
	if x.shield != 0 {
		first = x.shield // a few before it may have been anybody's
	}
	if total >= failsTwice {
		x.put(MitigationAfter, float64(first-x.onset), total)
	}
}

// journeys says which pages and steps fail while others do not.
func (x *extract) journeys() {
	var front, dynamic, static, desktop, mobile, dead tally
	for i := range x.cells {
		c, s := &x.cells[i], &x.past.Spots[i]
		switch s.Look {
		case attempts.LookFront:
			front.add(c.tally)
		case attempts.LookDynamic:
			dynamic.add(c.tally)
		case attempts.LookStatic:
			static.add(c.tally)
		}
		switch s.Variant {
		case "mobile":
			mobile.add(c.tally)
		case "desktop":
			desktop.add(c.tally)
		}
		if s.Whole() && s.Step != "" && c.failed > 0 {
			at(x.steps, s.Step).add(tally{c.failed, c.failed})
			dead.add(tally{c.failed, c.failed})
		}
	}
	for _, t := range []*tally{&front, &dynamic, &static} {
		t.tried = x.since(t.failed, t.tried)
	}
	x.of(FrontOK, front.tried-front.failed, front.tried)
	x.of(StaticOK, static.tried-static.failed, static.tried)
	x.of(DynamicFail, dynamic.failed, dynamic.tried)
	if front.tried > 0 && front.share() < frontFine && dynamic.tried+static.tried > 0 {
		x.of(DeepFail, dynamic.failed+static.failed, dynamic.tried+static.tried)
	}
	most := 0
	for _, t := range x.steps {
		most = max(most, t.failed)
	}
	x.of(OneStepShare, most, dead.failed)
	if desktop.tried >= fewSpread && mobile.tried >= fewSpread {
		x.put(VariantGap, math.Abs(mobile.share()-desktop.share()), min(desktop.tried, mobile.tried))
	}
}

// frontFine is the failing share of the front up to which it is said to work.
const frontFine = 0.2
