#include "street.h"

#include <atomic>
#include <memory>
#include <thread>

namespace jetfleet::bench {
namespace {

constexpr double kFps = 30;
/// Ten minutes, then a prime, so that frames of one street lie at other times than another's.
constexpr std::uint64_t kDay = 18000;
constexpr std::uint64_t kStride = 7919;

void Draw(scene::Scene* street, std::uint64_t frame, StreetFrame* to) {
  std::vector<std::uint8_t> i420(kStreetBytes);
  constexpr std::size_t kLuma = kStreetWidth * kStreetHeight;
  std::uint8_t* const u = i420.data() + kLuma;
  std::uint8_t* const v = u + kLuma / 4;
  to->truth = street->RenderI420(
      frame, {i420.data(), u, v, kStreetWidth, kStreetWidth / 2, kStreetWidth / 2});
  to->nv12.assign(i420.begin(), i420.begin() + kLuma);
  to->nv12.resize(kStreetBytes);
  for (std::size_t i = 0; i < kLuma / 4; ++i) {
    to->nv12[kLuma + 2 * i] = u[i];
    to->nv12[kLuma + 2 * i + 1] = v[i];
  }
}

}  // namespace

std::vector<StreetFrame> DrawStreets(int count, int per_seed, std::uint64_t first_seed) {
  std::vector<StreetFrame> frames(static_cast<std::size_t>(count));
  const int streets = (count + per_seed - 1) / per_seed;
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int street = next++; street < streets; street = next++) {
      const auto seed = first_seed + static_cast<std::uint64_t>(street);
      scene::Scene drawn(seed, kStreetWidth, kStreetHeight, kFps);
      for (int i = street * per_seed; i < count && i < (street + 1) * per_seed; ++i) {
        Draw(&drawn, static_cast<std::uint64_t>(i) * kStride % kDay,
             &frames[static_cast<std::size_t>(i)]);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return frames;
}

}  // namespace jetfleet::bench
