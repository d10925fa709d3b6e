#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/branch.h"

namespace jetfleet {

/// The sources of a pipeline by place, as they come and go. Any thread; who works with a branch
/// holds it meanwhile.
class Branches {
 public:
  using Ref = std::shared_ptr<Branch>;

  /// Tells the branch its place, the first that is free. False when none is, or another has its
  /// name.
  bool Add(const Ref& branch);
  void Remove(const Branch& branch);

  /// Null where none is.
  Ref At(std::uint32_t place) const;
  Ref Find(const std::string& name) const;
  /// By place.
  std::vector<Ref> All() const;

 private:
  mutable std::mutex mutex_;
  std::array<Ref, kMaxSources> places_;
};

}  // namespace jetfleet
