#include "core/media/drop_reason.h"

namespace jetfleet {

const char* DropReasonName(DropReason reason) {
  switch (reason) {
    case DropReason::kBeforeKeyFrame:
      return "before-key-frame";
    case DropReason::kAfterLoss:
      return "after-loss";
    case DropReason::kOverload:
      return "decoder-late";
    case DropReason::kCorrupt:
      return "corrupt";
    case DropReason::kDecoder:
      return "decoder-lost";
    case DropReason::kBudget:
      return "budget";
  }
  return "decoder-lost";
}

Status WarningOf(DropReason reason) {
  switch (reason) {
    case DropReason::kBeforeKeyFrame:
      return Status::Error(ErrorCode::kSourceJoined,
                           "The stream was joined between two key pictures; what came before the "
                           "first is dropped");
    case DropReason::kDecoder:
      return Status::Ok();  // told as corrupt
    case DropReason::kBudget:
      return Status::Ok();  // told by whoever wanted it
    case DropReason::kOverload:
      return Status::Error(ErrorCode::kSourceOverload,
                           "The decoder cannot keep up; pictures up to the next key picture are "
                           "dropped");
    case DropReason::kAfterLoss:
      return Status::Error(ErrorCode::kSourceLoss,
                           "Pictures were lost on the way; those up to the next key picture are "
                           "dropped");
    case DropReason::kCorrupt:
      return Status::Error(ErrorCode::kSourceLoss,
                           "Broken pictures came; they and those up to the next key picture are "
                           "dropped");
  }
  return Status::Ok();
}

bool DropCounts::Add(DropReason reason, std::uint64_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::uint64_t& sum = counts_[static_cast<std::size_t>(reason)];
  const bool first = sum == 0;
  sum += count;
  return first && count > 0;
}

DropCounts::Counts DropCounts::Get() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

}  // namespace jetfleet
