#include <algorithm>
#include <utility>

#include "core/infer/batcher.h"

namespace jetfleet {

std::vector<std::size_t> Batcher::shares() {
  const Lock lock(mutex_);
  return shares_;
}

void Batcher::LookAtShares(TimePoint now) {
  if (!next_shares_) Reshare(now);
  const auto has_batch = [](const Group& group) { return group.batch != nullptr; };
  // At once where that can be: nothing is taken until then, so nobody would come back to it.
  if (!next_shares_ || std::any_of(groups_.begin(), groups_.end(), has_batch)) return;
  shares_ = *std::exchange(next_shares_, std::nullopt);
  Regroup();
}

void Batcher::Reshare(TimePoint now) {
  if (lanes_.size() < 2 || now - counted_since_ < options_.share_interval) return;
  const double seconds = FrameTrace::Ms(now - counted_since_) / 1000;
  std::vector<SourceDemand> demands;
  std::vector<std::size_t> current;
  for (std::size_t source = 0; source < came_.size(); ++source) {
    if (!open_[source]) continue;
    demands.push_back({static_cast<double>(came_[source]) / seconds, pressed_[source]});
    if (!shares_.empty()) current.push_back(shares_[source]);
  }
  std::vector<double> speeds;
  for (const auto& lane : lanes_) speeds.push_back(lane->figures().speed);
  std::fill(came_.begin(), came_.end(), 0);
  std::fill(pressed_.begin(), pressed_.end(), false);
  counted_since_ = now;
  const auto shares = ShareOut(speeds, demands, current);
  if (shares == current) return;
  std::vector<std::size_t>& next = next_shares_.emplace();
  if (shares.empty()) return;
  for (std::size_t source = 0, i = 0; source < open_.size(); ++source) {
    next.push_back(open_[source] ? shares[i++] : kNoLane);
  }
}

/// One group for each lane that has sources, or one of all.
void Batcher::Regroup() {
  std::vector<std::size_t> group_of(sequences_.size());
  groups_.clear();
  for (std::size_t lane = 0; lane < lanes_.size() && !shares_.empty(); ++lane) {
    if (std::count(shares_.begin(), shares_.end(), lane) == 0) continue;
    for (std::size_t source = 0; source < shares_.size(); ++source) {
      if (shares_[source] == lane) group_of[source] = groups_.size();
    }
    Group& group = groups_.emplace_back();
    group.lanes = {lanes_[lane].get()};
  }
  if (groups_.empty()) {
    Group& all = groups_.emplace_back();
    for (const auto& lane : lanes_) all.lanes.push_back(lane.get());
  }
  queues_.SetGroups(group_of);
}

}  // namespace jetfleet
