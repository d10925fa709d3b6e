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
    case ErrorCode::kModelInvalid:
      return "MODEL_INVALID";
    case ErrorCode::kNativeLoad:
      return "NATIVE_LOAD";
    case ErrorCode::kCancelled:
      return "CANCELLED";
    case ErrorCode::kInternal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

}  // namespace jetfleet
