#pragma once

#include <optional>

#include "core/media/coded_picture.h"
#include "core/media/drop_reason.h"

namespace jetfleet {

/// Lets through to the decoder only pictures that can be decoded whole. What is dropped of a coded
/// stream is dropped up to the next key picture: everything until there is made from it.
///
///   state        event                          picture        next state
///   waiting      key picture                    passes         open
///   waiting      recovery point, n frames       hidden         recovering (n); open for n = 0
///   waiting      any other                      dropped        waiting
///   recovering   frame within n                 hidden         recovering
///   recovering   frame n                        passes         open
///   any          picture lost before this one   as waiting     waiting (for the loss)
///   any          closed                         as waiting     waiting (for the overload)
///   open         queue full, not disposable     dropped        waiting (for the overload)
///   open         queue full, disposable         dropped        open
///   open         any other                      passes         open
///
/// A hidden picture is decoded, for later ones are made from it, but is no result.
class KeyFrameGate {
 public:
  struct Verdict {
    bool decode = false;
    /// Why the picture is no result.
    std::optional<DropReason> reason;
    /// Decoding may begin with it: nothing before it is needed.
    bool entry = false;
  };

  /// `lost`: something is missing between the picture before and this. `full`: no more may wait for
  /// the decoder.
  Verdict Decide(const CodedPicture& picture, bool lost, bool full);

  /// What comes is of no use up to the next picture that decoding may begin with.
  void Close();

  bool open() const { return state_ == State::kOpen; }

 private:
  enum class State { kWaiting, kRecovering, kOpen };

  Verdict Enter(const CodedPicture& picture);

  State state_ = State::kWaiting;
  DropReason waiting_for_ = DropReason::kBeforeKeyFrame;
  int hidden_left_ = 0;
};

}  // namespace jetfleet
