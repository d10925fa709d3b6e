#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "core/geometry.h"
#include "core/prepare/scale_rows.h"

namespace jetfleet {

/// Scales planes of one kind, bilinear with half-pixel centres: down by our own rows where they are
/// faster, else by libyuv. Remembers the last pair of sizes. Not thread-safe.
class PlaneScaler {
 public:
  explicit PlaneScaler(const ScaleRows* rows = OwnScaleRows()) : rows_(rows) {}

  /// `stride` in bytes; what is written is tight.
  void Run(const std::uint8_t* from, int stride, Size from_size, std::uint8_t* to, Size to_size);
  /// A plane of pairs (NV12's chroma), `from_size` in pairs, into a plane of each. Not by libyuv,
  /// whose `UVScale` takes one to two levels from every sample: its two shares add up to 127 of
  /// 128.
  void RunPairs(const std::uint8_t* from, int stride, Size from_size, std::uint8_t* first,
                std::uint8_t* second, Size to_size);

 private:
  struct Row {
    int top = 0;
    /// Share of the row below, of 256.
    int down = 0;
  };

  /// libyuv has ways of its own to copy and to make larger.
  static bool IsReduction(Size from, Size to);
  void Plan(Size from, Size to);
  /// Rows of so many bytes.
  struct Rows {
    const std::uint8_t* At(int row) const {
      return begin + static_cast<std::ptrdiff_t>(row) * stride;
    }
    const std::uint8_t* begin;
    int stride;
    std::size_t bytes;
  };
  /// `work` is given the upper one of the two rows that a line lies between, the share of the
  /// other, and where the line begins in each plane of `to`.
  template <typename Work>
  void ForEachLine(const Rows& from, std::initializer_list<std::uint8_t*> to,
                   const Work& work) const;

  /// Null where libyuv scales.
  const ScaleRows* const rows_;
  Size from_;
  Size to_;
  ScaleColumns columns_;
  std::vector<Row> lines_;
  /// The row between two, with what may be read behind it.
  std::vector<std::int16_t> between_;
  /// The same of each sample of pairs.
  std::vector<std::int16_t> apart_[2];
  std::vector<std::uint8_t> planes_[2];
};

}  // namespace jetfleet
