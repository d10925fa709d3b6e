#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/infer/model_program.h"

namespace jetfleet {

/// A model in this process that looks at pictures of 8 × 8 as they are (RGB, 0 to 255), as many as
/// one likes, and answers with a few numbers each.
struct CropDevice {
  /// Input [batch,3,8,8]; -1: open.
  std::int64_t batch = -1;
  /// The mean of a picture's samples becomes its numbers.
  std::function<void(float mean, float* numbers)> answer;
  /// Called as each run begins, by the thread that waits for it.
  std::function<void()> before;
  /// The run, from 0, that fails.
  int fail_at = -1;

  /// Pictures of each run.
  std::vector<std::int64_t> Runs();
  /// Means of all pictures that it was given, in their order.
  std::vector<float> Means();

  static constexpr std::int64_t kSide = 8;
  /// Numbers of one picture.
  static constexpr std::int64_t kNumbers = 2;

  std::mutex mutex;
  std::vector<std::int64_t> runs;
  std::vector<float> means;
};

/// What is dark is the first label's, what is light the second's.
std::shared_ptr<CropDevice> DarkOrLight();

/// `decoder`: classification or reid. The device is used until the process ends.
std::shared_ptr<ModelProgram> CropModel(const std::shared_ptr<CropDevice>& device,
                                        const std::string& decoder = "classification");

}  // namespace jetfleet
