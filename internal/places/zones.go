package places

import "strings"

// zone is the standard time of a place in minutes east of Greenwich.
type zone int16

// noZone is that of places that have none: categories, networks, unknown countries.
const noZone zone = -9999

// zoneTable lists countries by the standard time of their most populous part, from the
// zone.tab of the IANA time zone database (public domain). Summer time is left out: an
// hour is less than what the shape of a day is good for.
var zoneTable = [...]struct {
	offset    zone
	countries string
}{
	{-660, "AS NU"},
	{-600, "CK PF"},
	{-480, "PN"},
	{-360, "BZ CR GT HN MX NI SV US"},
	{-300, "BS CA CO CU EC HT JM KY PA PE TC"},
	{-240, "AG AI AW BB BL BM BO BQ CL CW DM DO GD GP GY KN LC MF MQ MS PR SX TT VC VE VG VI"},
	{-180, "AR BR FK GF PM PY SR UY"},
	{-120, "GL GS"},
	{-60, "CV"},
	{0, "BF CI FO GB GG GH GM GN GW IE IM IS JE LR ML MR PT SH SL SN ST TG"},
	{60, "AD AL AO AT BA BE BJ CD CF CG CH CM CZ DE DK DZ EH ES FR GA GI GQ HR HU IT LI LU MA MC ME MK MT NE NG NL NO " +
		"PL RS SE SI SJ SK SM TD TN VA"},
	{120, "AX BG BI BW CY EE EG FI GR IL LB LS LT LV LY MD MW MZ NA PS RO RW SD SS SZ UA ZA ZM ZW"},
	{180, "BH BY DJ ER ET IQ JO KE KM KW MG QA RU SA SO SY TR TZ UG YE YT"},
	{210, "IR"},
	{240, "AE AM AZ GE MU OM RE SC"},
	{270, "AF"},
	{300, "KZ MV PK TF TJ TM UZ"},
	{330, "IN LK"},
	{345, "NP"},
	{360, "BD BT IO KG"},
	{390, "CC MM"},
	{420, "CX ID KH LA TH VN"},
	{480, "BN CN HK MN MO MY PH SG TW"},
	{540, "JP KP KR PW TL"},
	{600, "AU GU MP PG"},
	{660, "FM NC NF SB VU"},
	{720, "AQ FJ KI MH NR NZ TV UM WF"},
	{780, "TK TO WS"},
}

// zones is the table by country.
var zones = func() map[string]zone {
	m := map[string]zone{}
	for _, row := range &zoneTable {
		for _, c := range strings.Fields(row.countries) {
			m[c] = row.offset
		}
	}
	return m
}()

// zoneOf is the time zone of a country.
func zoneOf(country string) zone {
	if z, ok := zones[country]; ok {
		return z
	}
	return noZone
}
