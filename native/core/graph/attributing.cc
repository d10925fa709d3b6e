#include "core/graph/attributing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/region.h"

namespace jetfleet {
namespace {

/// In pixels; of less nothing can be told, and no part can be made.
constexpr float kLeastSide = 2;

/// What of a box is in the picture, in shares of it; nothing when that is too little.
std::optional<Region> Seen(const Box& box, Size size, double min_height) {
  const auto width = static_cast<float>(size.width);
  const auto height = static_cast<float>(size.height);
  const float left = std::clamp(box.left, 0.0F, width);
  const float top = std::clamp(box.top, 0.0F, height);
  const float right = std::clamp(box.right(), 0.0F, width);
  const float bottom = std::clamp(box.bottom(), 0.0F, height);
  // False of what is no number.
  const bool enough = right - left >= kLeastSide && bottom - top >= kLeastSide &&
                      bottom - top >= min_height * static_cast<double>(height);
  if (!enough) return std::nullopt;
  return Region{static_cast<double>(left) / size.width, static_cast<double>(top) / size.height,
                static_cast<double>(right - left) / size.width,
                static_cast<double>(bottom - top) / size.height};
}

}  // namespace

Attributing::Attributing(const Secondaries& secondaries) {
  for (const auto& secondary : secondaries) {
    const SecondaryOptions& options = secondary->options();
    looks_.push_back(
        {secondary.get(), std::make_shared<TrackAnswers>(options.refresh_seconds), {}});
  }
}

void Attributing::Learn(const std::shared_ptr<const ModelTag>& tag) {
  if (tag == tag_) return;
  tag_ = tag;
  for (Look& look : looks_) {
    const std::vector<std::string>& wanted = look.secondary->options().labels;
    look.labels.clear();
    for (const std::string& label : tag->labels) {
      look.labels.push_back(wanted.empty() ||
                            std::find(wanted.begin(), wanted.end(), label) != wanted.end());
    }
  }
}

Status Attributing::Ask(const Frame& frame, std::function<void()> resume, bool* waits) {
  *waits = false;
  // Where the tracker only foresees objects, the picture may show something else there.
  if (frame.result.skip != Skip::kNo || frame.picture == nullptr) return Status::Ok();
  Learn(frame.result.model);
  std::shared_ptr<Waiting> waiting;
  if (resume) waiting = std::make_shared<Waiting>(std::move(resume));
  std::size_t asked = 0;
  for (const Look& look : looks_) {
    const Status status = Ask(frame, look, waiting, &asked);
    if (!status.ok()) return status;
  }
  *waits = waiting != nullptr && asked > 0;
  if (!*waits) return Status::Ok();
  for (const Look& look : looks_) look.secondary->Hurry();
  waiting->Done();
  return Status::Ok();
}

Status Attributing::Ask(const Frame& frame, const Look& look,
                        const std::shared_ptr<Waiting>& waiting, std::size_t* asked) {
  const double seconds = frame.result.pts_ms / 1000;
  const Size size = frame.result.size;
  std::size_t room = look.secondary->most();
  for (const Track& track : *frame.result.tracks) {
    const auto label = static_cast<std::size_t>(track.detection.label);
    if (label >= look.labels.size() || !look.labels[label]) continue;
    const auto seen = Seen(track.detection.box, size, look.secondary->options().min_height);
    if (!seen || (waiting != nullptr && room == 0)) continue;
    if (!look.answers->Begin(track.id, seconds)) continue;
    Crop crop;
    crop.since = Clock::now();
    const Status status =
        look.secondary->Prepare(PartOf(*frame.picture, *seen).surface, &preparer_, &crop);
    if (!status.ok()) return status;
    crop.track = track.id;
    crop.answers = look.answers;
    crop.waiting = waiting;
    if (waiting != nullptr) waiting->Add();
    if (look.secondary->Ask(std::move(crop))) {
      ++*asked;
      --room;
      continue;
    }
    look.answers->GiveUp(track.id);
    if (waiting != nullptr) waiting->Done();
  }
  return Status::Ok();
}

Status Attributing::Tell(Frame& frame, double keep_seconds) {
  const double seconds = frame.result.pts_ms / 1000;
  for (const Track& track : *frame.result.tracks) {
    for (const Look& look : looks_) {
      auto answer = look.answers->Tell(track.id, seconds);
      if (answer == nullptr) continue;
      frame.result.attributes.push_back({track.id, look.secondary->name(), std::move(answer)});
    }
  }
  if (frame.result.skip != Skip::kNo) return Status::Ok();
  for (const Look& look : looks_) look.answers->Prune(seconds, keep_seconds);
  return Status::Ok();
}

}  // namespace jetfleet
