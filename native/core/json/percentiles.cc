#include "core/json/percentiles.h"

namespace jetfleet {
namespace {

constexpr int kMsDecimals = 3;

}  // namespace

void WritePercentiles(const char* name, const std::optional<Percentiles>& percentiles,
                      JsonText* json) {
  json->Key(name);
  if (!percentiles) {
    json->Null();
    return;
  }
  json->BeginObject().Key("p50").Fixed(percentiles->p50, kMsDecimals);
  json->Key("p95").Fixed(percentiles->p95, kMsDecimals);
  json->Key("p99").Fixed(percentiles->p99, kMsDecimals);
  json->Key("max").Fixed(percentiles->max, kMsDecimals).EndObject();
}

}  // namespace jetfleet
