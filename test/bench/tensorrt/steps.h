#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "backend.h"
#include "figures.h"

namespace jetfleet::bench {

/// The parts of a list with commas between them.
std::vector<std::string> Split(const std::string& list);

/// name=value arguments of a step.
class Arguments {
 public:
  Arguments(int argc, char** argv);
  /// Throws std::invalid_argument, naming it, when it was not given.
  const std::string& Get(const std::string& name) const;
  std::string Get(const std::string& name, const std::string& otherwise) const;
  int Number(const std::string& name, int otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

/// What each measures is said where it is defined. All throw Refusal or Failure.
Figures BuildStep(const Backend& backend, const Arguments& arguments);
Figures InspectStep(const Backend& backend, const Arguments& arguments);
Figures MemoryStep(const Backend& backend, const Arguments& arguments);
Figures SealStep(const Backend& backend, const Arguments& arguments);
Figures RefuseStep(const Backend& backend, const Arguments& arguments);
Figures InputsStep(const Arguments& arguments);
Figures RunStep(const Backend& backend, const Arguments& arguments);
Figures AgreeStep(const Arguments& arguments);
Figures MapStep(const Backend& backend, const Arguments& arguments);
Figures ThroughputStep(const Backend& backend, const Arguments& arguments);
Figures TransfersStep(const Backend& backend, const Arguments& arguments);
Figures ContextsStep(const Backend& backend, const Arguments& arguments);
Figures SwapStep(const Backend& backend, const Arguments& arguments);
Figures CyclesStep(const Backend& backend, const Arguments& arguments);
Figures LayersStep(const Backend& backend, const Arguments& arguments);
Figures PreprocessorStep(const Backend& backend, const Arguments& arguments);
Figures BareStep(const Backend& backend, const Arguments& arguments);
Figures PrepareStep();

}  // namespace jetfleet::bench
