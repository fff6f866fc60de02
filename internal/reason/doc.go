// Package reason says what an incident is consistent with: it holds the features of
// an incident against the knowledge table and gives a verdict with all that it rests
// on, for and against.
//
// It reads a set of features and a table and writes nothing. Everything is pure: the
// same features and the same table give the same verdict, byte for byte, in whatever
// order the features came.
//
// Method: each sign of the table looks at one feature and is present, absent or
// unknown. A hypothesis starts at its prior and gains or loses what the table says of
// each sign, in log10 of a likelihood ratio. Signs that are wrong for the same reason
// form a group, and a group counts no more than its cap. What others have published
// is a group of its own with tighter caps; what anybody claims has no way in. The
// sums become shares among all hypotheses. Which layer fails is answered apart, from
// counts alone.
//
// Limits: a verdict says which explanation fits better, never that one is true, and
// never who did something.
package reason
