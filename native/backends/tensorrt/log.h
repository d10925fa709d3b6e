#pragma once

#include <deque>
#include <mutex>
#include <string>

#include "backends/tensorrt/generation.h"

namespace jetfleet::tensorrt {

/// What the vendor's library says about its work. One for the process: the library keeps the first
/// that it is given. Any thread.
class Log final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, const nvinfer1::AsciiChar* message) noexcept override;

  /// Forgets what was said before, so that `Errors` is about what comes next.
  void Clear();
  /// The last errors, in order, as one line; empty when there were none.
  std::string Errors() const;
  /// Whether they are about memory that is not there.
  bool SpeaksOfMemory() const;
  /// What was only warned of, each text once.
  std::deque<std::string> Warnings() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> errors_;
  std::deque<std::string> warnings_;
};

Log& TheLog();

}  // namespace jetfleet::tensorrt
