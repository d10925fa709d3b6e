#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace jetfleet {

/// A frame that waits for answers to its crops. Begins with one that its owner gives back when all
/// crops were asked for, so that it does not end before.
class Waiting {
 public:
  /// Called once, by whichever thread is the last; never if answers are thrown away.
  explicit Waiting(std::function<void()> resume) : resume_(std::move(resume)) {}

  void Add() { ++left_; }
  void Done() {
    if (--left_ == 0) resume_();
  }

 private:
  const std::function<void()> resume_;
  std::atomic<int> left_{1};
};

}  // namespace jetfleet
