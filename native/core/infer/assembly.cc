#include "core/infer/assembly.h"

#include <algorithm>
#include <utility>

namespace jetfleet {

std::vector<FramePtr> Assembly::Split(FramePtr whole, const std::shared_ptr<ModelProgram>& model) {
  const std::shared_ptr<const std::vector<Region>> regions = std::move(whole->regions);
  const SurfaceRef surface = std::move(whole->surface);
  const auto assembly = std::make_shared<Assembly>();
  std::vector<FramePtr> parts;
  for (const Region& region : *regions) {
    auto part = std::make_unique<Frame>();
    part->trace = whole->trace;
    part->result.id = whole->result.id;
    part->result.size = whole->result.size;
    part->sequence = whole->sequence;
    part->model = model;
    PicturePart cut = PartOf(*surface, region);
    const Size size = cut.surface->ShownSize();
    part->surface = std::move(cut.surface);
    part->left = cut.left;
    part->top = cut.top;
    part->assembly = assembly;
    part->part = parts.size();
    assembly->seen_.push_back(
        {{cut.left, cut.top, static_cast<float>(size.width), static_cast<float>(size.height)}, {}});
    parts.push_back(std::move(part));
  }
  assembly->missing_ = parts.size();
  whole->model = model;
  whole->result.model = model->tag();
  assembly->whole_ = std::move(whole);
  return parts;
}

FramePtr Assembly::Gather(FramePtr part, const Stages& stages) {
  Assembly& assembly = *part->assembly;
  const std::lock_guard<std::mutex> lock(assembly.mutex_);
  assembly.Take(part.get(), stages);
  if (--assembly.missing_ > 0) return nullptr;
  assembly.Trace(stages);
  assembly.Merge(*part->model);
  return std::move(assembly.whole_);
}

FramePtr Assembly::TakeBack() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::move(whole_);
}

void Assembly::Take(Frame* part, const Stages& stages) {
  seen_[part->part].boxes = std::move(part->candidates);
  const FrameTrace& trace = part->trace;
  const TimePoint seen = trace.last_end();
  const TimePoint began = seen - trace.Work(stages.detect);
  const TimePoint ready = began - trace.Wait(stages.detect);
  detected_.push_back({began, seen});
  prepared_.push_back({ready - trace.Work(stages.preprocess), ready});
}

void Assembly::Trace(const Stages& stages) {
  // Of time, however many share it.
  const auto busy = [](std::vector<Span>& spans) {
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.from < b.from; });
    Clock::duration sum{};
    TimePoint until = spans.front().from;
    for (const Span& span : spans) {
      sum += std::max(span.to - std::max(span.from, until), Clock::duration::zero());
      until = std::max(until, span.to);
    }
    return std::make_pair(sum, until);
  };
  const Clock::duration preparing = busy(prepared_).first;
  const TimePoint start = prepared_.front().from;
  const auto [detecting, end] = busy(detected_);
  whole_->trace.Record(stages.preprocess, start, start + preparing);
  whole_->trace.Record(stages.detect, end - detecting, end);
}

void Assembly::Merge(const ModelProgram& model) {
  whole_->candidates = MergeParts(seen_, whole_->result.size, model.nms_iou());
  for (const Detection& one : whole_->candidates) {
    if (one.score >= model.min_score()) whole_->result.detections.push_back(one);
  }
}

}  // namespace jetfleet
