package words

import "faultline/outage"

// LayerName is what a layer is called.
func LayerName(l outage.Layer) string {
	switch l {
	case outage.LayerDNS:
		return "Name (DNS)"
	case outage.LayerRoute:
		return "Route"
	case outage.LayerTCP:
		return "Connection (TCP)"
	case outage.LayerTLS:
		return "Encryption (TLS)"
	case outage.LayerQUIC:
		return "QUIC"
	case outage.LayerHTTP:
		return "Answer (HTTP)"
	case outage.LayerApp:
		return "Content"
	case outage.LayerMonitor:
		return "The agent itself"
	case "":
		return "Whole attempt"
	}
	return string(l)
}

// LayersName names the layer that fails, or the two that share it; "" where none is
// known.
func LayersName(l *outage.LayerVerdict) string {
	switch {
	case l.Layer == "":
		return ""
	case l.Second != "":
		return LayerName(l.Layer) + " and " + LayerName(l.Second)
	}
	return LayerName(l.Layer)
}
