#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jetfleet {

/// Since the start of the pipeline.
struct LineFigures {
  std::string name;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

struct ZoneFigures {
  std::string name;
  /// Objects in it now.
  std::uint64_t occupancy = 0;
  std::uint64_t entered = 0;
  /// With those that were lost in it.
  std::uint64_t left = 0;
  /// Of those that have left, together.
  double dwell_seconds = 0;
};

/// Lines and zones in the order of the options.
struct AnalyticsFigures {
  std::vector<LineFigures> lines;
  std::vector<ZoneFigures> zones;
  /// Observations of objects that there was no room for: nothing is counted of them.
  std::uint64_t objects_cut = 0;
  /// Visits that are counted, but of which no event tells, because too many were open.
  std::uint64_t visits_cut = 0;

  /// Of another source of the pipeline.
  void Add(const AnalyticsFigures& other);
};

}  // namespace jetfleet
