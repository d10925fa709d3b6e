#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/decode/merge_parts.h"
#include "core/frame.h"

namespace jetfleet {

/// A picture of which the model sees several parts, between its queue and its order: it waits here
/// while they go through batches and lanes as frames of their own, and goes on, once, when the last
/// of them is back.
class Assembly {
 public:
  /// The stages that parts pass.
  struct Stages {
    StageId preprocess = 0;
    StageId detect = 0;
  };

  /// A frame for each of the regions of `whole`, in their order and for that model.
  static std::vector<FramePtr> Split(FramePtr whole, const std::shared_ptr<ModelProgram>& model);

  /// Any thread, parts in any order: what was seen in one. The whole picture with the last part,
  /// its detections merged, else null.
  ///
  /// Work of a stage is the time in which some part was in it; what lies between is waited for in
  /// front of `detect`, so that all adds up to the total. Where a part is prepared while another is
  /// in a lane, that time is the work of preprocessing.
  static FramePtr Gather(FramePtr part, const Stages& stages);

  std::size_t parts() const { return seen_.size(); }
  /// The picture, of which none of the parts goes on.
  FramePtr TakeBack();

 private:
  struct Span {
    TimePoint from;
    TimePoint to;
  };

  void Take(Frame* part, const Stages& stages);
  void Trace(const Stages& stages);
  void Merge(const ModelProgram& model);

  std::mutex mutex_;
  FramePtr whole_;
  std::size_t missing_ = 0;
  /// By part.
  std::vector<SeenPart> seen_;
  std::vector<Span> prepared_;
  std::vector<Span> detected_;
};

}  // namespace jetfleet
