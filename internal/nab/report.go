package nab

// Line is the score of one part of the corpus: standard, low FP and low FN, by
// three ways to choose thresholds. Parts without a label window have no score.
type Line struct {
	Part      string
	Windows   int
	Published []float64 // thresholds that are best over the whole corpus, as NAB does it
	Split     []float64 // thresholds that are best over the tuning half
	Fixed     []float64 // one threshold for all profiles
	AtFixed   Tally     // what the fixed threshold brings
}

// Report is a detector's result.
type Report struct {
	Thresholds []float64 // by profile, best over the whole corpus
	Half       []float64 // best over the tuning half
	Fixed      float64
	Lines      []Line // whole, tuning half, other half, then the folders
}

// Evaluate scores what a detector said of the corpus.
func (j *Judge) Evaluate(scores [][]float64, fixed float64) (Report, error) {
	if err := j.Check(scores); err != nil {
		return Report{}, err
	}
	half := j.corpus.Tuning()
	r := Report{Thresholds: j.Best(scores, All), Half: j.Best(scores, half), Fixed: fixed}
	add := func(name string, chosen func(*File) bool) {
		l := Line{Part: name, Windows: j.corpus.windows(chosen), AtFixed: j.Tally(scores, fixed, chosen)}
		for k, p := range j.corpus.Profiles {
			l.Published = append(l.Published, j.Score(scores, p, r.Thresholds[k], chosen))
			l.Split = append(l.Split, j.Score(scores, p, r.Half[k], chosen))
			l.Fixed = append(l.Fixed, j.Normal(l.AtFixed, p, chosen))
		}
		r.Lines = append(r.Lines, l)
	}
	add("whole corpus", All)
	add("tuning half", half)
	add("other half", func(f *File) bool { return !half(f) })
	for _, name := range j.corpus.Folders() {
		add(name, Folder(name))
	}
	return r, nil
}

// Peer is a detector's published result.
type Peer struct {
	Name   string
	Scores [3]float64 // standard, low FP, low FN
	Range  bool       // it is given the minimum and maximum of the whole file beforehand
	Note   string
}

// Peers are the published figures that ours are read beside.
func Peers() []Peer {
	return []Peer{
		{"ARTime", [3]float64{74.9, 65.1, 80.4}, true, "published"},
		{"Numenta HTM", [3]float64{70.1, 63.1, 74.3}, true, "published"},
		{"CAD OSE", [3]float64{69.9, 67.0, 73.2}, true, "published"},
		{"ARTime", [3]float64{64.7, 54.9, 70.5}, false, "range of the unscored rows only"},
		{"CAD OSE", [3]float64{59.4, 49.4, 66.6}, false, "range of the unscored rows only"},
		{"windowed Gaussian", [3]float64{39.6, 20.9, 47.4}, false, "published"},
	}
}
