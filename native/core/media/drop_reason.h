#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/status.h"

namespace jetfleet {

/// Why a picture that the source sent never became a frame.
enum class DropReason : std::size_t {
  /// What it is made from never came: the stream was joined between two key pictures.
  kBeforeKeyFrame,
  /// What it is made from was lost on the way.
  kAfterLoss,
  /// The decoder could not keep up.
  kOverload,
  /// The decoder marked it as broken, or what came of it was too little to be given to one.
  kCorrupt,
  /// It was given to the decoder and never came out, also because its connection ended before.
  kDecoder,
  /// It was whole, but of a live source only every so many-th picture is admitted, for the
  /// pipeline's budget.
  kBudget,
};
constexpr std::size_t kDropReasonCount = 6;
/// As statistics name it.
const char* DropReasonName(DropReason reason);
/// What to tell of the first picture dropped for it; Ok where there is nothing to tell.
Status WarningOf(DropReason reason);

/// Since the source began. Thread-safe.
class DropCounts {
 public:
  using Counts = std::array<std::uint64_t, kDropReasonCount>;

  /// True for the first of its reason.
  bool Add(DropReason reason, std::uint64_t count = 1);
  Counts Get() const;

 private:
  mutable std::mutex mutex_;
  Counts counts_{};
};

}  // namespace jetfleet
