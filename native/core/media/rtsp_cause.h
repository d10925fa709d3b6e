#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/media/source_uri.h"
#include "core/media/tls_trust.h"
#include "core/status.h"

namespace jetfleet {

/// The values of WWW-Authenticate in the header of an RTSP answer, whatever else it holds.
std::vector<std::string> ChallengesOf(const std::string& answer);

/// A camera's challenges (WWW-Authenticate) as what must be done about them: Ok when one of them is
/// spoken here (basic, digest with MD5).
Status JudgeChallenges(const std::vector<std::string>& challenges, const std::string& shown);

/// Asks a camera that refused user and password once more, without them, how it wants to be asked:
/// GStreamer does not tell. Over TLS only a camera that is trusted is asked. `refusal`, unless
/// there is a better reason.
Status ExplainRefusal(const SourceUri& uri, const TlsTrust& trust,
                      std::chrono::milliseconds timeout, const Status& refusal);

}  // namespace jetfleet
