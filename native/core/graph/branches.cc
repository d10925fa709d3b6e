#include "core/graph/branches.h"

#include <algorithm>

namespace jetfleet {

bool Branches::Add(const Ref& branch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto has_name = [&](const Ref& other) {
    return other != nullptr && *other->name == *branch->name;
  };
  if (std::any_of(places_.begin(), places_.end(), has_name)) return false;
  const auto free = std::find(places_.begin(), places_.end(), nullptr);
  if (free == places_.end()) return false;
  branch->place = static_cast<std::uint32_t>(free - places_.begin());
  *free = branch;
  return true;
}

void Branches::Remove(const Branch& branch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  places_.at(branch.place).reset();
}

Branches::Ref Branches::At(std::uint32_t place) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return places_.at(place);
}

Branches::Ref Branches::Find(const std::string& name) const {
  const std::vector<Ref> all = All();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Ref& each) { return *each->name == name; });
  return found == all.end() ? nullptr : *found;
}

std::vector<Branches::Ref> Branches::All() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Ref> all;
  for (const Ref& branch : places_) {
    if (branch != nullptr) all.push_back(branch);
  }
  return all;
}

}  // namespace jetfleet
