#include "backends/tensorrt/log.h"

#include <algorithm>

namespace jetfleet::tensorrt {
namespace {

/// More would not be read; a library in trouble may repeat itself for ever.
constexpr std::size_t kMostKept = 50;

void Keep(std::deque<std::string>* texts, const char* text) {
  if (std::find(texts->begin(), texts->end(), text) != texts->end()) return;
  if (texts->size() == kMostKept) texts->pop_front();
  texts->emplace_back(text);
}

}  // namespace

void Log::log(Severity severity, const nvinfer1::AsciiChar* message) noexcept {
  if (message == nullptr || severity > Severity::kWARNING) return;
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    Keep(severity == Severity::kWARNING ? &warnings_ : &errors_, message);
  } catch (...) {  // no memory to note it: the call that it was about fails all the same
    return;
  }
}

void Log::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  errors_.clear();
  warnings_.clear();
}

std::string Log::Errors() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string all;
  for (const std::string& error : errors_) all += (all.empty() ? "" : "; ") + error;
  return all;
}

std::deque<std::string> Log::Warnings() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return warnings_;
}

Log& TheLog() {
  // Never destroyed: the library's own threads may speak while the process exits.
  static auto& log = *new Log;
  return log;
}

}  // namespace jetfleet::tensorrt
