#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Work on one row of a picture that is made smaller, bilinear, in whole numbers: every processor
/// gives the same samples.
namespace jetfleet {

/// Where the samples of a scaled row lie in the one that it is made from, with half-pixel centres,
/// evenly spaced.
struct ScaleColumns {
  /// The next one lies between the samples at `index` and behind it, at most 65,535, and has
  /// `right` of 256 shares of the latter.
  void Add(int index, int right);

  /// Index of the left one of two neighbours.
  std::vector<std::int32_t> left;
  /// Of 256: the share of the left one in the lower half, that of the right one in the upper.
  std::vector<std::uint32_t> shares;
  /// Index of the left one in the lower half, of the right one in the upper.
  std::vector<std::uint32_t> both;
  /// Index of the left one in both halves.
  std::vector<std::uint32_t> twice;
};

struct ScaleRows {
  /// `pick` reads so many samples behind the row's end, whatever they are.
  static constexpr std::size_t kBehind = 64;

  /// The row between `top` and `bottom`, which has `down` of 256 shares. What comes out is times
  /// 256, less 32,768: so it fits, and its sign does not matter to sums of shares.
  void (*blend)(const std::uint8_t* top, const std::uint8_t* bottom, int down, std::size_t count,
                std::int16_t* out);
  /// Such a row of pairs as two rows of `count` samples each.
  void (*part)(const std::int16_t* pairs, std::size_t count, std::int16_t* first,
               std::int16_t* second);
  /// From such a row to one of as many samples as there are columns.
  void (*pick)(const std::int16_t* row, const ScaleColumns& columns, std::uint8_t* to);
};

/// Those for this processor; null where libyuv is not slower.
const ScaleRows* OwnScaleRows();
/// Those that every processor has; the measure for tests.
const ScaleRows& PortableScaleRows();

}  // namespace jetfleet
