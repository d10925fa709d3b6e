#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/media/coded_picture.h"

/// What we must know of H.265 pictures without decoding them (ITU-T H.265, 7.3).
namespace jetfleet {

/// NAL unit type of a sequence parameter set (table 7-1).
constexpr int kH265Sps = 33;

/// A sequence parameter set (7.3.2.2).
struct H265Sps : VideoSignal {
  /// Of temporal layers, the highest.
  int top_layer = 0;
};

/// `nal` with its head of two bytes. Nothing when the bytes are no parameter set.
std::optional<H265Sps> ParseH265Sps(const std::uint8_t* nal, std::size_t size);

/// Key pictures are those of random access (IRAP). Pictures have no numbers of their own, so what
/// is missing is known by the transport and the decoder alone.
std::unique_ptr<PictureReader> ReadH265();

}  // namespace jetfleet
