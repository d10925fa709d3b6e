#include "core/decode/box_decoder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/decode/model_check.h"
#include "core/decode/nms.h"

namespace jetfleet {
namespace {

/// Candidates of a picture that are looked at closely.
constexpr std::size_t kLookedAt = 100;
/// A sigmoid may round to a little more than one.
constexpr float kMostScore = 1.01F;
/// A net of sigmoids is surer of something than this; only zeros are not.
constexpr float kLeastBest = 1e-7F;
/// Boxes reach over the picture, but not this many times.
constexpr float kMostSides = 8;
/// Of the best candidates, whose boxes have reason to be boxes.
constexpr std::size_t kMostAbsurd = 2;

/// What lies within this of the corner, and is no larger, was not meant in pixels.
constexpr float kCorner = 4;

bool IsInCorner(const Box& box) {
  const float x = box.left + box.width / 2;
  const float y = box.top + box.height / 2;
  return std::fabs(x) <= kCorner && std::fabs(y) <= kCorner && box.width <= 2 * kCorner &&
         box.height <= 2 * kCorner;
}

bool IsAbsurd(const Detection& one, Size input, std::size_t labels) {
  const Box& box = one.box;
  const auto far = [](float at, int side) {
    return at < -kMostSides * static_cast<float>(side) ||
           at > (kMostSides + 1) * static_cast<float>(side);
  };
  return !box.is_finite() || IsInCorner(box) || box.width <= 0 || box.height <= 0 ||
         box.width > kMostSides * static_cast<float>(input.width) ||
         box.height > kMostSides * static_cast<float>(input.height) || far(box.left, input.width) ||
         far(box.top, input.height) || one.label < 0 ||
         static_cast<std::size_t>(one.label) >= labels;
}

std::string Text(float number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", static_cast<double>(number));
  return text;
}

Status Absurd(const std::string& name, const std::string& what) {
  return Status::Error(ErrorCode::kModelInvalid, "Expected answers that decoder " + name +
                                                     " can read but got " + what +
                                                     ": the outputs mean something else");
}

template <typename T>
void Override(const std::optional<T>& given, T* value) {
  if (given) *value = *given;
}

}  // namespace

BoxRules BoxRules::Of(const DecoderOptions& options, const ModelIo& io, PreprocessSpec preprocess) {
  BoxRules rules;
  rules.name = options.name;
  rules.preprocess = preprocess;
  const PreprocessOptions& given = options.preprocess;
  Override(given.fit, &rules.preprocess.fit);
  Override(given.anchor, &rules.preprocess.anchor);
  Override(given.channels, &rules.preprocess.channels);
  Override(given.mean, &rules.preprocess.mean);
  Override(given.scale, &rules.preprocess.scale);
  Override(given.pad, &rules.preprocess.pad);
  rules.input = io.size;
  rules.labels = options.labels;
  rules.nms_iou = options.nms_iou;
  return rules;
}

void BoxDecoder::Decode(const std::vector<TensorView>& outputs, std::int64_t item,
                        const Placement& placement, float min_score,
                        std::vector<Detection>* detections) const {
  detections->clear();
  Boxes(Numbers(outputs, item), min_score, detections);
  const auto unsound = [&](const Detection& one) {
    return !one.box.is_finite() || one.label < 0 ||
           static_cast<std::size_t>(one.label) >= rules_.labels;
  };
  detections->erase(std::remove_if(detections->begin(), detections->end(), unsound),
                    detections->end());
  for (Detection& one : *detections) one.score = std::min(one.score, 1.0F);
  Finish(placement, detections);
}

void BoxDecoder::Finish(const Placement& placement, std::vector<Detection>* detections) const {
  if (rules_.merge == BoxRules::Merge::kPerLabel) {
    return FinishBoxes(rules_.nms_iou, placement, detections);
  }
  std::stable_sort(detections->begin(), detections->end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  for (Detection& detection : *detections) detection.box = placement.Undo(detection.box);
}

Status BoxDecoder::Judge(const std::vector<TensorView>& outputs, std::int64_t item,
                         Impression* impression) const {
  std::vector<Detection> found;
  Boxes(Numbers(outputs, item), -std::numeric_limits<float>::infinity(), &found);
  ++impression->pictures;
  const auto better = [](const Detection& a, const Detection& b) { return a.score > b.score; };
  const std::size_t close = std::min(found.size(), kLookedAt);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(close), found.end(),
                    better);
  if (found.empty()) return Status::Ok();
  const float best = found.front().score;
  if (best > kMostScore) {
    return Absurd(rules_.name, "a score of " + Text(best) + " where 1 is the most");
  }
  impression->best_score = std::max(impression->best_score, best);
  found.resize(close);
  const auto absurd = [&](const Detection& one) {
    return IsAbsurd(one, rules_.input, rules_.labels);
  };
  const auto count = static_cast<std::size_t>(std::count_if(found.begin(), found.end(), absurd));
  if (count * kMostAbsurd <= close) return Status::Ok();
  const Detection& one = *std::find_if(found.begin(), found.end(), absurd);
  return Absurd(rules_.name, std::to_string(count) + " of its " + std::to_string(close) +
                                 " best boxes such as one of " + Text(one.box.width) + " x " +
                                 Text(one.box.height) + " pixels at " + Text(one.box.left) + ", " +
                                 Text(one.box.top) + " of label " + std::to_string(one.label) +
                                 " in a picture of " + std::to_string(rules_.input.width) + " x " +
                                 std::to_string(rules_.input.height) + " and " +
                                 std::to_string(rules_.labels) + " labels");
}

Status BoxDecoder::Conclude(const Impression& impression) const {
  if (!rules_.dense || impression.pictures == 0 || impression.best_score > kLeastBest) {
    return Status::Ok();
  }
  return Absurd(rules_.name, "no score above " + Text(impression.best_score) + " in " +
                                 std::to_string(impression.pictures) +
                                 " pictures, so that nothing would ever be found");
}

std::size_t BestOf(const float* scores, std::size_t count, std::size_t step) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i) {
    if (scores[i * step] > scores[best * step]) best = i;
  }
  return best;
}

float Sigmoid(float value) { return 1 / (1 + std::exp(-value)); }

}  // namespace jetfleet
