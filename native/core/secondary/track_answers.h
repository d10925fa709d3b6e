#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/secondary/attribute.h"

namespace jetfleet {

/// What one secondary model has answered of the tracks of one source. Crops on their way hold it:
/// when the source has gone, answers to them are lost with the last of them. Any thread; seconds
/// are of the source's time.
class TrackAnswers {
 public:
  /// `refresh_seconds`: how old an answer may be; none: as old as its track.
  explicit TrackAnswers(std::optional<double> refresh_seconds)
      : refresh_seconds_(refresh_seconds) {}

  /// True when the track is to be looked at now, which is then taken to be under way.
  bool Begin(int track, double seconds);
  /// It was not: it is to be looked at with another frame.
  void GiveUp(int track);
  /// Means nothing where the track has ended meanwhile.
  void Put(int track, std::shared_ptr<const Answer> answer);

  /// What is to be told of a track that a frame shows, which keeps it: a label every time, a vector
  /// once. Null when there is nothing.
  std::shared_ptr<const Answer> Tell(int track, double seconds);
  /// Tracks that were not shown for longer have ended.
  void Prune(double seconds, double keep_seconds);

 private:
  struct Entry {
    /// A crop is under way.
    bool asked = false;
    /// Of the frame that was last looked at, or is.
    double looked = 0;
    double shown = 0;
    bool told = false;
    std::shared_ptr<const Answer> answer;
  };

  const std::optional<double> refresh_seconds_;
  std::mutex mutex_;
  std::map<int, Entry> entries_;
};

}  // namespace jetfleet
