#include "backends/tensorrt/files/calibration_table.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "backends/tensorrt/cuda/failure.h"

namespace jetfleet {
namespace {

constexpr std::string_view kFirst = "jetfleet calibration 1";
constexpr std::string_view kMethod = "method ";
constexpr std::string_view kModel = "model ";

struct MethodRow {
  CalibrationMethod method;
  std::string_view ours;
  /// How the vendor's cache ends its first line.
  std::string_view vendors;
};
constexpr MethodRow kMethods[] = {
    {CalibrationMethod::kEntropy2, "entropy-2", "-EntropyCalibration2"},
    {CalibrationMethod::kMinMax, "min-max", "-MinMaxCalibration"},
};

const MethodRow& RowOf(CalibrationMethod method) {
  return kMethods[method == CalibrationMethod::kMinMax ? 1 : 0];
}

[[noreturn]] void Refuse(const std::string& why) {
  throw Failure(JF_MODEL_INVALID,
                "Expected a calibration table but " + why + ". Calibrate the model again");
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// "name: 3c0103da" or "name 3c0103da". False for anything else, and for scales that are no
/// positive number.
bool ReadScale(std::string_view line, std::string_view between,
               std::map<std::string, std::uint32_t>* scales) {
  const std::size_t at = line.rfind(between);
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view hex = line.substr(at + between.size());
  if (hex.empty() || hex.size() > 8) return false;
  std::uint32_t bits = 0;
  for (const char c : hex) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return false;
    bits = bits * 16 + static_cast<std::uint32_t>(digit);
  }
  float scale = 0;
  std::memcpy(&scale, &bits, sizeof(scale));
  if (!std::isfinite(scale) || scale < 0) return false;
  return scales->emplace(line.substr(0, at), bits).second;
}

std::string Hex(std::uint32_t bits) {
  char text[9];
  std::snprintf(text, sizeof(text), "%08x", bits);
  return text;
}

}  // namespace

std::string CalibrationTable::Text() const {
  std::string text(kFirst);
  text += '\n';
  text += kMethod;
  text += RowOf(method).ours;
  text += '\n';
  text += kModel;
  text += model_digest + '\n';
  for (const auto& [tensor, scale] : scales) text += tensor + ' ' + Hex(scale) + '\n';
  return text;
}

CalibrationTable ReadCalibrationTable(std::string_view text, const std::string& model_digest) {
  const std::vector<std::string_view> lines = LinesOf(text);
  if (lines.size() < 4 || lines[0] != kFirst) {
    Refuse("it does not begin with \"" + std::string(kFirst) + "\"");
  }
  const MethodRow* row = nullptr;
  for (const MethodRow& known : kMethods) {
    if (lines[1] == std::string(kMethod) + std::string(known.ours)) row = &known;
  }
  if (row == nullptr) Refuse("its second line names no method, entropy-2 or min-max");
  if (lines[2].substr(0, kModel.size()) != kModel) Refuse("it does not name its model");
  CalibrationTable table;
  table.method = row->method;
  table.model_digest = lines[2].substr(kModel.size());
  if (table.model_digest != model_digest) {
    Refuse("it is of model " + table.model_digest + ", not of " + model_digest);
  }
  if (text.back() != '\n') Refuse("it is truncated");
  for (std::size_t i = 3; i < lines.size(); ++i) {
    if (!ReadScale(lines[i], " ", &table.scales)) {
      Refuse("line " + std::to_string(i + 1) + " holds no tensor with its scale");
    }
  }
  return table;
}

CalibrationTable FromVendorCache(std::string_view cache, const std::string& model_digest) {
  CalibrationTable table;
  table.model_digest = model_digest;
  const std::vector<std::string_view> lines = LinesOf(cache);
  bool whole = false;
  for (const MethodRow& known : kMethods) {
    if (lines.size() <= 1 || lines[0].rfind(known.vendors) == std::string_view::npos) continue;
    table.method = known.method;
    whole = true;
  }
  for (std::size_t i = 1; whole && i < lines.size(); ++i) {
    whole = lines[i].empty() || ReadScale(lines[i], ": ", &table.scales);
  }
  if (!whole) throw Failure(JF_INTERNAL, "The library's calibration cache has an unknown form");
  return table;
}

std::string VendorCacheOf(const CalibrationTable& table, std::int32_t packed_version) {
  std::string text =
      "TRT-" + std::to_string(packed_version) + std::string(RowOf(table.method).vendors) + '\n';
  for (const auto& [tensor, scale] : table.scales) text += tensor + ": " + Hex(scale) + '\n';
  return text;
}

}  // namespace jetfleet
