#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/analytics/source_analytics.h"
#include "core/frame.h"

namespace jetfleet {

/// The analytics stage of one source: lines and zones over what its tracker says. Events go their
/// own way, for a frame may still be dropped.
class Analysing {
 public:
  using Tell = std::function<void(const std::vector<AnalyticsEvent>&)>;

  /// `tell` is never given an empty list. It is called in order, from whichever thread is in here.
  Analysing(const AnalyticsOptions& options, std::shared_ptr<const std::string> source, Tell tell);

  /// One thread at a time. `keep_seconds`: tracks not seen for longer have been given up.
  Status Run(const Frame& frame, double keep_seconds);
  /// Any thread: visits that are open end.
  void End(VisitEnd why);
  /// Any thread. While the source gives no pictures (`gives`), what was seen is not known to be
  /// there any more.
  AnalyticsFigures TakeFigures(bool gives);

 private:
  void Told(const std::vector<AnalyticsEvent>& events);

  const Tell tell_;
  std::mutex mutex_;
  SourceAnalytics analytics_;
  TimePoint last_run_{};
};

}  // namespace jetfleet
