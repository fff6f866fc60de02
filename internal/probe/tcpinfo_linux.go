package probe

import (
	"syscall"

	"golang.org/x/sys/unix"

	"faultline/outage"
)

// spareSocket is a second descriptor of a socket that is being connected: the
// runtime closes its own when the connection fails, and with it would go what
// the kernel has counted. A repeated SYN is seen by no other means without
// privileges (TCP_INFO, tcpi_total_retrans).
type spareSocket struct {
	fd   int
	open bool
}

// take copies the descriptor before the connection is made.
func (s *spareSocket) take(raw syscall.RawConn) error {
	s.close()
	return raw.Control(func(fd uintptr) {
		dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		if err == nil { // else nothing is known of retransmissions, and the record says so
			s.fd, s.open = dup, true
		}
	})
}

// info fills in what the kernel knows.
func (s *spareSocket) info(t *outage.TCP) {
	if !s.open {
		return
	}
	i, err := unix.GetsockoptTCPInfo(s.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return
	}
	t.Known, t.Retransmits = true, int(i.Total_retrans)
	if t.Failure == "" && i.State == established {
		t.RTTMS, t.RTTVarMS = float64(i.Rtt)/1000, float64(i.Rttvar)/1000
	}
}

// established is TCP_ESTABLISHED of the kernel's enum.
const established = 1

// close gives the descriptor back; a socket in the middle of connecting ends with it.
func (s *spareSocket) close() {
	if s.open {
		unix.Close(s.fd)
		s.open = false
	}
}
