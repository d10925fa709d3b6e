#include "core/graph/analysing.h"

#include <utility>

namespace jetfleet {
namespace {

/// Frames of a source that is lost are out of the pipeline by then.
constexpr std::chrono::seconds kDrained{2};

}  // namespace

Analysing::Analysing(const AnalyticsOptions& options, std::shared_ptr<const std::string> source,
                     Tell tell)
    : tell_(std::move(tell)), analytics_(options, std::move(source)) {}

Status Analysing::Run(const Frame& frame, double keep_seconds) {
  static const std::vector<Track> kNone;
  const FrameResult& result = frame.result;
  const std::lock_guard<std::mutex> lock(mutex_);
  last_run_ = Clock::now();
  // Where the tracker foresees objects, nobody has seen one cross.
  if (result.skip != Skip::kNo) return Status::Ok();
  Told(analytics_.Update({{result.pts_ms / 1000, result.captured_at_ms},
                          result.size,
                          result.tracks ? *result.tracks : kNone,
                          result.model->labels,
                          keep_seconds}));
  return Status::Ok();
}

void Analysing::End(VisitEnd why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Told(analytics_.End(why));
}

AnalyticsFigures Analysing::TakeFigures(bool gives) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!gives && Clock::now() - last_run_ > kDrained) Told(analytics_.End(VisitEnd::kSourceLost));
  return analytics_.figures();
}

void Analysing::Told(const std::vector<AnalyticsEvent>& events) {
  if (!events.empty()) tell_(events);
}

}  // namespace jetfleet
