#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/analytics/event.h"
#include "core/analytics/figures.h"
#include "core/analytics/line_pass.h"
#include "core/analytics/options.h"

namespace jetfleet {

/// A frame as analytics sees it.
struct TrackedFrame {
  Moment at;
  Size picture;
  const std::vector<Track>& tracks;
  /// By the label numbers of the tracks.
  const std::vector<std::string>& labels;
  /// The tracker gives up what it has not seen for longer.
  double keep_seconds = 0;
};

/// Lines and zones of one source: what its tracks do there.
///
/// INVARIANTS: each visit that was told ends once, and each that entered leaves; figures count
/// whether or not an event tells. State is bounded: objects by `kMostObjects`, open visits that are
/// told by `kMostVisits`; what is cut is counted. One thread at a time.
class SourceAnalytics {
 public:
  static constexpr std::size_t kMostObjects = 256;
  static constexpr std::size_t kMostVisits = 256;

  /// Of `options` what is of `source`.
  SourceAnalytics(AnalyticsOptions options, std::shared_ptr<const std::string> source);

  /// What the next frame shows. A time before that of the last frame, or another size of the
  /// picture, begins anew.
  std::vector<AnalyticsEvent> Update(const TrackedFrame& frame);
  /// Nothing more comes of what was seen.
  std::vector<AnalyticsEvent> End(VisitEnd why);

  const AnalyticsFigures& figures() const { return figures_; }

 private:
  using Events = std::vector<AnalyticsEvent>;

  /// One object's stay in one zone.
  struct Visit {
    bool inside = false;
    /// It has been inside long enough.
    bool entered = false;
    /// 0: no event tells of it.
    std::uint64_t id = 0;
    Moment since;
    Moment last;
    Box last_box;
    double updated_seconds = 0;
  };
  struct Object {
    int track = 0;
    std::string label;
    Moment last;
    float best_score = -1;
    Moment best_at;
    Box best_box;
    /// By line and zone of the options.
    std::vector<LinePass> lines;
    std::vector<Visit> zones;
  };

  void Resize(const Size& picture);
  Object* ObjectOf(const Track& track, const TrackedFrame& frame);
  bool Counts(const ObjectFilter& filter, const Object& object, const Box& box) const;
  void See(Object* object, const Box& box, const TrackedFrame& frame, Events* events);
  void Visited(std::size_t zone, Object* object, const Box& box, const Moment& now, Events* events);
  void Enter(std::size_t zone, Object* object, Events* events);
  void Leave(std::size_t zone, Object* object, const Moment& at, VisitEnd why, Events* events);
  void GiveUp(const Moment& now, double keep_seconds, Events* events);
  AnalyticsEvent EventOf(AnalyticsEvent::Kind kind, const Object& object, const Moment& at,
                         const Box& box) const;

  const AnalyticsOptions options_;
  const std::shared_ptr<const std::string> source_;
  Size picture_;
  /// Null where a line or zone is of another source.
  std::vector<std::optional<Line>> lines_;
  std::vector<std::optional<Polygon>> zones_;
  std::map<int, Object> objects_;
  std::optional<Moment> last_;
  std::uint64_t next_id_ = 1;
  std::size_t open_ = 0;
  AnalyticsFigures figures_;
};

}  // namespace jetfleet
