#include "core/pipeline_stats.h"

namespace jetfleet {

void OutputMeter::Add(const Frame& frame) {
  ++frames_;
  ++frames_total_;
  const CopyCount::Entry copied = frame.copies.Total();
  copies_ += static_cast<std::size_t>(copied.copies);
  copied_bytes_ += copied.bytes;
  from_arrival_.Add(frame.trace.TotalMs());
  if (frame.result.way_ms) from_capture_.Add(*frame.result.way_ms + frame.trace.TotalMs());
}

void OutputMeter::AddTo(OutputMeter* sum) const {
  sum->frames_ += frames_;
  sum->frames_total_ += frames_;
  sum->copies_ += copies_;
  sum->copied_bytes_ += copied_bytes_;
  from_arrival_.AddTo(&sum->from_arrival_);
  from_capture_.AddTo(&sum->from_capture_);
}

OutputFigures OutputMeter::Take(TimePoint now, OutputMeter* sum) {
  if (sum != nullptr) AddTo(sum);
  OutputFigures report;
  const double seconds = FrameTrace::Ms(now - interval_start_) / 1000;
  report.fps = seconds > 0 ? static_cast<double>(frames_) / seconds : 0;
  report.frames_total = frames_total_;
  if (frames_ > 0) {
    report.copies_per_frame = static_cast<double>(copies_) / static_cast<double>(frames_);
    report.copied_bytes_per_frame =
        static_cast<double>(copied_bytes_) / static_cast<double>(frames_);
  }
  const auto arrival = from_arrival_.Take();
  // Where some frames lack it, the others would be told as if they were all.
  const bool all = from_capture_.count() == frames_;
  const auto from_capture = from_capture_.Take();
  const auto capture = all ? from_capture : std::nullopt;
  report.latency_from_capture = capture.has_value();
  report.latency_ms = capture ? capture : arrival;
  frames_ = copies_ = copied_bytes_ = 0;
  interval_start_ = now;
  return report;
}

}  // namespace jetfleet
