#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/frame.h"
#include "core/secondary/secondary.h"

namespace jetfleet {

using Secondaries = std::vector<std::unique_ptr<Secondary>>;

/// The stage of one source that has secondary models look at its tracks, each cut out of the
/// picture, and adds to frames what is known of them. One thread at a time.
class Attributing {
 public:
  /// `secondaries` outlive it.
  explicit Attributing(const Secondaries& secondaries);

  /// Asks for what is due of the tracks that were seen in this frame. Where `resume` is given the
  /// frame waits for the answers: `*waits` is then true and `resume` will be called once, by any
  /// thread, when it is time to call this again; false when no more is due. Without it nothing
  /// waits, and what finds no room is due again in the next frame. INTERNAL when the CPU cannot
  /// read the picture.
  Status Ask(const Frame& frame, std::function<void()> resume, bool* waits);
  /// Writes `FrameResult::attributes`. `keep_seconds`: tracks not seen for longer have been given
  /// up.
  Status Tell(Frame& frame, double keep_seconds);

 private:
  struct Look {
    Secondary* secondary = nullptr;
    std::shared_ptr<TrackAnswers> answers;
    /// By label of the model that `tag_` is of.
    std::vector<bool> labels;
  };

  void Learn(const std::shared_ptr<const ModelTag>& tag);
  Status Ask(const Frame& frame, const Look& look, const std::shared_ptr<Waiting>& waiting,
             std::size_t* asked);

  std::vector<Look> looks_;
  std::shared_ptr<const ModelTag> tag_;
  HostPreparer preparer_;
};

}  // namespace jetfleet
