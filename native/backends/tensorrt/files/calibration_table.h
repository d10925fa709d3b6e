#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace jetfleet {

/// Ranges of a model's tensors, found by running it (entropy calibration 2, or the extremes). Good
/// for every version of the vendor's library and every device, because they are found before layers
/// are fused:
///
///     jetfleet calibration 1
///     method entropy-2     or min-max
///     model 9f86d0…          SHA-256 of the ONNX file
///     images 3c0103da        a tensor, and its scale as the bits of a float32 in hexadecimal
///
/// Tensors are in the order of their names, so that equal tables are equal files and the digest of
/// the file names the table.
enum class CalibrationMethod { kEntropy2, kMinMax };

struct CalibrationTable {
  CalibrationMethod method = CalibrationMethod::kEntropy2;
  std::string model_digest;
  std::map<std::string, std::uint32_t> scales;

  std::string Text() const;
};

/// Throws Failure JF_MODEL_INVALID for what is no such table, or one of another model.
CalibrationTable ReadCalibrationTable(std::string_view text, const std::string& model_digest);

/// What the vendor's library calls a cache, in its words of any version: "TRT-8601-
/// EntropyCalibration2" or "…-MinMaxCalibration", then "tensor: 3c0103da" a line. Throws Failure
/// JF_INTERNAL.
CalibrationTable FromVendorCache(std::string_view cache, const std::string& model_digest);
std::string VendorCacheOf(const CalibrationTable& table, std::int32_t packed_version);

}  // namespace jetfleet
