package level

import "math"

// Size of the memory of shapes.
const (
	shapePoints = 8
	shapeMost   = 48
	shapeGrow   = 1.2  // by which the radius grows when the memory is full
	hugest      = 1e37 // that a point may be; the difference of two fits a float32
)

// shapes remembers what the last points of a series have looked like: a set of
// shapes such that whatever was seen lies within a radius of one of them (streaming
// k-centres: when the set is full the radius grows, and shapes that lie within it of
// one another become one). What is far from all of them is new.
type shapes struct {
	sum    float64 // of the open point
	n      int32   // buckets in it
	points int32   // in now, at most shapePoints
	count  int32   // shapes in the memory
	radius float64
	now    [shapePoints]float32
	memory [shapeMost][shapePoints]float32
}

// add puts a bucket in. It says whether that made a whole new shape.
func (s *shapes) add(x float64, block int) bool {
	s.sum += x
	s.n++
	if int(s.n) < block {
		return false
	}
	copy(s.now[:], s.now[1:])
	s.now[shapePoints-1] = float32(max(-hugest, min(hugest, s.sum/float64(s.n))))
	s.sum, s.n = 0, 0
	s.points = min(s.points+1, shapePoints)
	return s.points == shapePoints
}

// interrupt forgets the points before a gap.
func (s *shapes) interrupt() { s.sum, s.n, s.points = 0, 0, 0 }

// novelty is the distance of the newest shape to the nearest one in the memory,
// which then knows it.
func (s *shapes) novelty() float64 {
	if s.count == 0 {
		s.remember()
		return 0
	}
	best := float32(math.MaxFloat32)
	for i := range s.memory[:s.count] {
		best = min(best, apart(&s.memory[i], &s.now))
	}
	d := math.Sqrt(float64(best))
	if d > s.radius {
		s.remember()
	}
	return d
}

// apart is the squared distance of two shapes.
func apart(a, b *[shapePoints]float32) float32 {
	var d float32
	for i := range a {
		e := a[i] - b[i]
		d += e * e
	}
	return d
}

// remember puts the newest shape into the memory, and makes room first.
func (s *shapes) remember() {
	for s.count == shapeMost {
		s.merge()
	}
	s.memory[s.count] = s.now
	s.count++
}

// merge lets the radius grow and keeps, from the newest on, the shapes that are
// farther than it from those kept before.
func (s *shapes) merge() {
	if s.radius < tiny {
		s.radius = s.closest()
	} else {
		s.radius *= shapeGrow
	}
	kept := int32(shapeMost)
	for i := s.count - 1; i >= 0; i-- {
		far := true
		for k := kept; k < shapeMost; k++ {
			if float64(apart(&s.memory[i], &s.memory[k])) <= s.radius*s.radius {
				far = false
				break
			}
		}
		if far {
			kept--
			s.memory[kept] = s.memory[i]
		}
	}
	s.count = int32(copy(s.memory[:], s.memory[kept:]))
}

// closest is the least distance of two shapes of the memory.
func (s *shapes) closest() float64 {
	best := float32(math.MaxFloat32)
	for i := range s.memory[:s.count] {
		for k := range s.memory[:i] {
			best = min(best, apart(&s.memory[i], &s.memory[k]))
		}
	}
	return math.Sqrt(float64(best)) + tiny
}
