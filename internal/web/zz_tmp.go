package web

// Len is temporary.
func (w *Web) Len() int { return w.pages.Len() }
