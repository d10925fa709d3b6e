#include "backends/tensorrt/log.h"

#include <algorithm>
#include <cctype>
#include <iterator>

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

bool Log::SpeaksOfMemory() const {
  std::string text = Errors();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr const char* kWords[] = {"out of memory", "outofmemory", "insufficient memory",
                                    "cudaerrormemoryallocation", "cuda_error_out_of_memory"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](const char* words) { return text.find(words) != std::string::npos; });
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
