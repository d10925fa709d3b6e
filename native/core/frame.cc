#include "core/frame.h"

namespace jetfleet {

const char* SkipName(Skip skip) {
  switch (skip) {
    case Skip::kNo:
      break;
    case Skip::kInterval:
      return "interval";
    case Skip::kStill:
      return "still";
  }
  return "";
}

}  // namespace jetfleet
