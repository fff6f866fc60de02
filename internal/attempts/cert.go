package attempts

import "faultline/outage"

// Cert is a certificate that a service showed.
type Cert struct {
	SHA      string
	NotAfter outage.Minute
	First    outage.Minute
	Last     outage.Minute
}

// cert finds the place of a certificate, or makes it. One that nothing remembered has
// shown gives its place to a new one.
func (p *Past) cert(c *outage.Certificate, minute outage.Minute) int {
	sha := c.SHA256[:min(len(c.SHA256), 16)]
	for i := range p.Certs {
		if p.Certs[i].SHA == sha {
			p.Certs[i].Last = max(p.Certs[i].Last, minute)
			return i
		}
	}
	fresh := Cert{SHA: sha, NotAfter: outage.MinuteOf(c.NotAfter), First: minute, Last: minute}
	if len(p.Certs) < maxCerts-1 {
		p.Certs = append(p.Certs, fresh)
		return len(p.Certs) - 1
	}
	for i := range p.Certs {
		if len(p.Minutes) > 0 && p.Certs[i].Last < p.Minutes[0].At {
			p.Certs[i] = fresh
			return i
		}
	}
	return maxCerts - 1
}
