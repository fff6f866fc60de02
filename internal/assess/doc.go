// Package assess follows what agents say, minute by minute: which of them can be
// believed, how each sees each service and each layer of it, how deep they look, and
// what of it counts.
//
// It reads measurements that it is given and writes nothing: at the end of a minute
// it returns the cells of points and, where a word has changed, the states of
// services. The same measurements in the same order give the same answers.
//
// Method: the attempts of a minute are summed for each pair of service and agent.
// When the minute ends agents are judged first, by their controls, and only the
// attempts of healthy ones become points. An agent sees a service fail when more than
// half of its attempts failed in two looks in a row (a look is a minute with
// attempts), and well again after two that are. Refusals that one class of network
// alone meets are set aside until agents elsewhere or people fail too. The rules are
// those of package judge; here is their memory.
//
// Time is counted in minutes in which somebody listened, so a hub that was away
// makes no agent silent.
//
// Limits: maxViews pairs of service and agent, maxControls controls of an agent.
// Late measurements are passed over: what they say is not so now.
package assess
