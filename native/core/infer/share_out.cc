#include "core/infer/share_out.h"

#include <algorithm>
#include <numeric>

namespace jetfleet {
namespace {

/// A lane that is busy for this part of its time keeps up with jitter.
constexpr double kAtEase = 0.8;
/// What the busiest lane may have beyond an even load.
constexpr double kUneven = 1.1;

/// Sources that are pressed would take an equal part of what the others leave.
std::vector<double> Wanted(double speed, const std::vector<SourceDemand>& demands) {
  double left = speed;
  double pressed = 0;
  for (const SourceDemand& demand : demands) {
    if (demand.pressed) {
      ++pressed;
    } else {
      left -= demand.fps;
    }
  }
  std::vector<double> wanted;
  wanted.reserve(demands.size());
  for (const SourceDemand& demand : demands) {
    wanted.push_back(demand.pressed ? std::max(demand.fps, left / pressed) : demand.fps);
  }
  return wanted;
}

/// Of the busiest lane: part of its time.
double Busiest(const std::vector<double>& speeds, const std::vector<double>& wanted,
               const std::vector<std::size_t>& lanes) {
  std::vector<double> load(speeds.size());
  for (std::size_t source = 0; source < lanes.size(); ++source) {
    load[lanes[source]] += wanted[source] / speeds[lanes[source]];
  }
  return *std::max_element(load.begin(), load.end());
}

/// The largest first, each to the lane that is the least busy with it.
std::vector<std::size_t> Assign(const std::vector<double>& speeds,
                                const std::vector<double>& wanted) {
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] > wanted[b]; });
  std::vector<double> load(speeds.size());
  std::vector<std::size_t> lanes(wanted.size());
  for (const std::size_t source : order) {
    const auto busy = [&](std::size_t lane) { return load[lane] + wanted[source] / speeds[lane]; };
    std::size_t best = 0;
    for (std::size_t lane = 1; lane < speeds.size(); ++lane) {
      if (busy(lane) < busy(best)) best = lane;
    }
    load[best] = busy(best);
    lanes[source] = best;
  }
  return lanes;
}

}  // namespace

std::vector<std::size_t> ShareOut(const std::vector<double>& speeds,
                                  const std::vector<SourceDemand>& demands,
                                  const std::vector<std::size_t>& current) {
  const auto unknown = [](double speed) { return !(speed > 0); };
  if (speeds.size() < 2 || std::any_of(speeds.begin(), speeds.end(), unknown)) return {};
  const double speed = std::accumulate(speeds.begin(), speeds.end(), 0.0);
  const std::vector<double> wanted = Wanted(speed, demands);
  const double even = std::accumulate(wanted.begin(), wanted.end(), 0.0) / speed;
  const double most = std::max(kAtEase, even * kUneven);
  if (current.size() == wanted.size() && Busiest(speeds, wanted, current) <= most) return current;
  std::vector<std::size_t> lanes = Assign(speeds, wanted);
  if (Busiest(speeds, wanted, lanes) > most) lanes.clear();
  return lanes;
}

}  // namespace jetfleet
