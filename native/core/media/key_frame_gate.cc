#include "core/media/key_frame_gate.h"

namespace jetfleet {

KeyFrameGate::Verdict KeyFrameGate::Decide(const CodedPicture& picture, bool lost, bool full) {
  if (lost && state_ != State::kWaiting) {
    state_ = State::kWaiting;
    waiting_for_ = DropReason::kAfterLoss;
  }
  if (state_ == State::kOpen && full) {
    if (!picture.disposable) {
      state_ = State::kWaiting;
      waiting_for_ = DropReason::kOverload;
    }
    return {false, DropReason::kOverload};
  }
  if (state_ == State::kOpen || picture.key) {
    // Behind a full queue even a key picture waits for the next one.
    if (full) return {false, DropReason::kOverload};
    state_ = State::kOpen;
    return {true, std::nullopt, picture.key};
  }
  return Enter(picture);
}

void KeyFrameGate::Close() {
  if (state_ == State::kWaiting) return;
  state_ = State::kWaiting;
  waiting_for_ = DropReason::kOverload;
}

KeyFrameGate::Verdict KeyFrameGate::Enter(const CodedPicture& picture) {
  const bool entry = state_ == State::kWaiting;
  if (entry) {
    if (!picture.recovery_frames) return {false, waiting_for_};
    state_ = State::kRecovering;
    hidden_left_ = *picture.recovery_frames;
  }
  if (hidden_left_ == 0) {
    state_ = State::kOpen;
    return {true, std::nullopt, entry};
  }
  if (!picture.disposable) --hidden_left_;
  return {true, waiting_for_, entry};
}

}  // namespace jetfleet
