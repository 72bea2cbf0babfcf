// What is tried on the device of the draft, one function a subject. Each prints result lines (report.h) and
// says whether all of its own passed; each expects an initialized device, and leaves it so.
#pragma once

#include "rfc_v2/draft_device.h"

namespace virtcrypt::guest {

// Initialization in the draft's order, with all features and without MQ; then with all of them again.
bool check_initialization(DraftDevice& device, std::uint64_t features);

// Published vectors of every algorithm, on all data queues in turn.
bool check_known_answers(DraftDevice& device);

// Chains in both orders and directions give what their cipher and their MAC give one after the other.
bool check_chains(DraftDevice& device);

// All data queues at once, a thread each, each subject for that long: on one session, on a session each, and
// with a session for each request, made on the control queue.
bool check_traffic(DraftDevice& device, std::chrono::milliseconds time);

// Everything in a session and in a request that a driver can get wrong; descriptors; sessions running out.
bool check_errors(DraftDevice& device);

// Sessions that come and go with requests: INLINE_SESSION has to be negotiated, for the others it must not
// be.
bool check_inline_sessions(DraftDevice& device);
bool check_inline_traffic(DraftDevice& device, std::chrono::milliseconds time);

// Has the host switch readiness (a line "@virtcrypt ask ready off|on"), and is told by the interrupt.
bool check_readiness(DraftDevice& device);

}  // namespace virtcrypt::guest
