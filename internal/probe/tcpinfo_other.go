//go:build !linux

package probe

import (
	"syscall"

	"faultline/outage"
)

// spareSocket does nothing here: only Linux tells retransmissions of a connection
// that failed, and records say that nothing is known of them.
type spareSocket struct{}

func (*spareSocket) take(syscall.RawConn) error { return nil }
func (*spareSocket) info(*outage.TCP)           {}
func (*spareSocket) close()                     {}
