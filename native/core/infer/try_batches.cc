// Whether a model answers several pictures in one run as it answers each alone. Some public exports
// have their batch folded into another dimension: they run, and what they answer of one picture is
// made of all.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "core/infer/model_program.h"
#include "core/infer/real_pictures.h"
#include "core/prepare/host_preparer.h"

namespace jetfleet {
namespace {

/// What another order of sums, or half precision, makes of one number beside the largest one. What
/// is of another picture is off by much more.
constexpr double kMostOff = 0.05;
/// The same of all numbers together, by their norms.
constexpr double kMostOffInAll = 0.01;

bool Alike(const float* one, const float* other, std::int64_t count) {
  double largest = 0;
  double most_off = 0;
  double norm = 0;
  double off = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double difference = std::abs(static_cast<double>(one[i]) - other[i]);
    if (!std::isfinite(difference)) return false;
    largest = std::max(largest, std::abs(static_cast<double>(one[i])));
    most_off = std::max(most_off, difference);
    norm += static_cast<double>(one[i]) * one[i];
    off += difference * difference;
  }
  return most_off <= kMostOff * largest && std::sqrt(off) <= kMostOffInAll * std::sqrt(norm);
}

/// Numbers that are counted, such as labels, are the same or not.
bool Alike(const TensorView& one, const TensorView& other) {
  const std::int64_t count = one.desc().shape.Count();
  if (one.desc().type == ElementType::kFloat32) {
    return Alike(one.Host<const float>(), other.Host<const float>(), count);
  }
  return std::memcmp(one.Host<const std::uint8_t>(), other.Host<const std::uint8_t>(),
                     one.desc().bytes()) == 0;
}

}  // namespace

void ModelProgram::TryBatches(std::int64_t wanted) {
  const std::int64_t most = BatchFor(wanted);
  if (BatchFor(std::numeric_limits<std::int64_t>::max()) < 2) {
    unbatched_ = "the model takes one picture in a run";
  }
  tried_ = most;
  expected_ = wanted;
  if (most < 2) return;
  // One that was made for several pictures takes no other number.
  const std::int64_t least = std::max<std::int64_t>(2, BatchFor(1));
  for (const std::int64_t batch : std::set<std::int64_t>{least, most}) {
    for (std::size_t lane = 0; lane < lanes_.size() && unbatched_.empty(); ++lane) {
      unbatched_ = WhyNotTogether(batch, lane);
    }
  }
}

std::string ModelProgram::Unbatched(std::int64_t pictures) const {
  if (pictures < 2) return "";
  if (!unbatched_.empty() || pictures <= std::max(tried_, expected_)) return unbatched_;
  return "sources came after the model was loaded, which was tried with " + std::to_string(tried_) +
         " in a run";
}

std::string ModelProgram::WhyNotTogether(std::int64_t batch, std::size_t lane) {
  const std::string these = std::to_string(batch) + " pictures in one run";
  RunTensors alone;
  RunTensors together;
  Status status = Borrow(BatchFor(1), FilledBy::kHost, std::nullopt, &alone);
  if (status.ok()) status = Borrow(batch, FilledBy::kHost, std::nullopt, &together);
  HostPreparer preparer;
  const auto prepare = [&](std::int64_t number, const TensorView& to) {
    preparer.Run(RealPicture(static_cast<std::size_t>(number)), decoder().preprocess(), to);
  };
  for (std::int64_t slot = 0; status.ok() && slot < batch; ++slot) {
    prepare(slot, together.input.Slot(slot));
  }
  if (status.ok()) status = RunOnce(together, lane);
  if (!status.ok()) return these + " cannot be run: " + status.message;
  for (std::int64_t slot = 0; slot < batch; ++slot) {
    prepare(slot, alone.input.Slot(0));
    status = RunOnce(alone, lane);
    if (!status.ok()) return "a picture alone cannot be run: " + status.message;
    for (std::size_t i = 0; i < alone.outputs.size(); ++i) {
      if (Alike(alone.outputs[i].Slot(0), together.outputs[i].Slot(slot))) continue;
      return these + " are not answered as each alone (output " + info_.outputs[i].name + ")";
    }
  }
  return "";
}

}  // namespace jetfleet
