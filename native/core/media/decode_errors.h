#pragma once

#include <cstdint>

namespace jetfleet {

/// Makes errors that libav reports only to its log countable. libav conceals damaged parts of a
/// picture and hands it out as if nothing were wrong. Once per process; safe from any thread.
void WatchDecodeErrors();

/// Errors so far within this thread, which is the one that decodes.
std::uint64_t DecodeErrorsOfThisThread();

}  // namespace jetfleet
