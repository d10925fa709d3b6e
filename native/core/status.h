#pragma once

#include <string>
#include <utility>

namespace jetfleet {

/// Codes of `NativeError` in binding/api.ts; `kOk` never crosses the border.
enum class ErrorCode {
  kOk,
  kSourceUnreachable,
  kSourceAuth,
  kSourceFormat,
  kSourceAuthMissing,
  kSourceAuthScheme,
  kSourceNotFound,
  kSourceRedirect,
  kSourceTls,
  kSourceTransport,
  kSourceUdpBlocked,
  kSourceSilent,
  kSourceCodec,
  kSourceNoVideo,
  kSourceNoKeyFrame,
  kSourceUnsupported,
  kSourceTruncated,
  kSourceJoined,
  kSourceLoss,
  kSourceOverload,
  kSourceClock,
  kModelInvalid,
  kModelMemory,
  kArtifactDigest,
  kMotionUnavailable,
  kNativeLoad,
  kUsage,
  kCancelled,
  kInternal,
};

const char* CodeName(ErrorCode code);

/// Outcome of an operation. Nothing in native/ throws across a function that returns one.
struct [[nodiscard]] Status {
  ErrorCode code = ErrorCode::kOk;
  std::string message;

  bool ok() const { return code == ErrorCode::kOk; }

  static Status Ok() { return {}; }
  static Status Error(ErrorCode code, std::string message) { return {code, std::move(message)}; }
};

}  // namespace jetfleet
