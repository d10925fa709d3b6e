#include "core/status.h"

namespace jetfleet {

const char* CodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return "OK";
    case ErrorCode::kSourceUnreachable:
      return "SOURCE_UNREACHABLE";
    case ErrorCode::kSourceAuth:
      return "SOURCE_AUTH";
    case ErrorCode::kSourceFormat:
      return "SOURCE_FORMAT";
    case ErrorCode::kSourceAuthMissing:
      return "SOURCE_AUTH_MISSING";
    case ErrorCode::kSourceAuthScheme:
      return "SOURCE_AUTH_SCHEME";
    case ErrorCode::kSourceNotFound:
      return "SOURCE_NOT_FOUND";
    case ErrorCode::kSourceRedirect:
      return "SOURCE_REDIRECT";
    case ErrorCode::kSourceTls:
      return "SOURCE_TLS";
    case ErrorCode::kSourceTransport:
      return "SOURCE_TRANSPORT";
    case ErrorCode::kSourceUdpBlocked:
      return "SOURCE_UDP_BLOCKED";
    case ErrorCode::kSourceSilent:
      return "SOURCE_SILENT";
    case ErrorCode::kSourceCodec:
      return "SOURCE_CODEC";
    case ErrorCode::kSourceNoVideo:
      return "SOURCE_NO_VIDEO";
    case ErrorCode::kSourceNoKeyFrame:
      return "SOURCE_NO_KEY_FRAME";
    case ErrorCode::kSourceUnsupported:
      return "SOURCE_UNSUPPORTED";
    case ErrorCode::kSourceTruncated:
      return "SOURCE_TRUNCATED";
    case ErrorCode::kSourceJoined:
      return "SOURCE_JOINED";
    case ErrorCode::kSourceLoss:
      return "SOURCE_LOSS";
    case ErrorCode::kSourceOverload:
      return "SOURCE_OVERLOAD";
    case ErrorCode::kSourceClock:
      return "SOURCE_CLOCK";
    case ErrorCode::kModelInvalid:
      return "MODEL_INVALID";
    case ErrorCode::kModelMemory:
      return "MODEL_MEMORY";
    case ErrorCode::kArtifactDigest:
      return "ARTIFACT_DIGEST";
    case ErrorCode::kMotionUnavailable:
      return "MOTION_UNAVAILABLE";
    case ErrorCode::kNativeLoad:
      return "NATIVE_LOAD";
    case ErrorCode::kUsage:
      return "USAGE";
    case ErrorCode::kCancelled:
      return "CANCELLED";
    case ErrorCode::kInternal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

}  // namespace jetfleet
