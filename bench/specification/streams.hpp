// Replies that are streams of events.
#pragma once

#include "bench/specification/checks.hpp"

namespace fanbench {

/// Server-sent events, every third of them in two packets.
void settle_stream(Case&);
Mistake refuse_stream(const Case&);
/// Each call brought its events once, in order and as they came: all of them, or if it was given up those
/// that came before.
Mistake check_streams(const Case&, const Outcome&, const Ledger&);
/// events and event_interval.
std::vector<Key> stream_keys();

}  // namespace fanbench
