#include "binding/read_secondary.h"

#include <algorithm>
#include <set>
#include <utility>

namespace jetfleet {
namespace {

constexpr double kMaxRefreshMs = 24.0 * 3600 * 1000;

/// As fleet/spec has names: results use it as a key without looking at it again.
bool IsName(const std::string& name) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits);
}

SecondaryStart ReadSecondary(OptionReader* one, const std::vector<std::string>& known) {
  SecondaryStart start;
  SecondaryOptions& options = start.options;
  options.name = one->Text("name");
  if (!IsName(options.name)) one->Expect("a name of small letters, digits and hyphens", "name");
  OptionReader model = one->Child("model");
  start.model = ReadModelOptions(&model);
  one->Adopt(model);
  if (one->Has("labels")) options.labels = one->Texts("labels");
  for (const std::string& label : options.labels) {
    if (std::find(known.begin(), known.end(), label) != known.end()) continue;
    one->Expect("labels of the model", "labels");
  }
  options.min_score = static_cast<float>(one->Number("minScore", 0, 1));
  options.min_height = one->Number("minHeight", 0, 1);
  if (one->Has("refreshMs")) {
    options.refresh_seconds = one->Number("refreshMs", 1, kMaxRefreshMs) / 1000;
  }
  return start;
}

}  // namespace

std::vector<SecondaryStart> ReadSecondaries(OptionReader* reader,
                                            const std::vector<std::string>& labels) {
  std::vector<SecondaryStart> all;
  std::set<std::string> names;
  for (OptionReader& one : reader->Children("secondary")) {
    all.push_back(ReadSecondary(&one, labels));
    names.insert(all.back().options.name);
    reader->Adopt(one);
  }
  if (all.size() > kMostSecondaries) reader->Expect("at most 4 models", "secondary");
  if (names.size() < all.size()) reader->Expect("a name of its own for each model", "secondary");
  return all;
}

}  // namespace jetfleet
