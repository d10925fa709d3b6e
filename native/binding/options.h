#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/pipeline.h"

/// The options objects of api.ts as C++ structs. The caller has validated them; what is checked
/// here keeps a mistaken call from becoming undefined behaviour.
namespace jetfleet {

/// Of "every so many-th frame", as fleet/spec has it.
constexpr double kMaxInterval = 100;

/// A secondary model that is yet to be loaded.
struct SecondaryStart {
  SecondaryOptions options;
  ModelOptions model;
};

struct StartOptions {
  std::string name;
  ModelOptions model;
  std::vector<SecondaryStart> secondaries;
  PipelineOptions pipeline;
};

/// Reads members of an object and remembers the first that has the wrong type.
class OptionReader {
 public:
  OptionReader(Napi::Value value, std::string path);

  std::string Text(const char* name);
  double Number(const char* name, double min, double max);
  bool Flag(const char* name);
  std::vector<std::string> Texts(const char* name, std::size_t least = 1);
  /// From 0.
  std::vector<double> Numbers(const char* name, double max);
  std::vector<std::uint8_t> Bytes(const char* name);
  OptionReader Child(const char* name);
  /// Of an array of objects; none when it is absent. Whoever reads them adopts their errors.
  std::vector<OptionReader> Children(const char* name);
  bool HasObject(const char* name);
  bool Has(const char* name);
  /// Whatever it is; empty when reading it threw.
  Napi::Value Get(const char* name);
  /// Remembers that `name` is not `what`.
  void Expect(const char* what, const char* name);
  /// Brings a child's error up.
  void Adopt(const OptionReader& child);

  /// "Expected a number for options.x", empty when all was well.
  const std::string& error() const { return error_; }

 private:
  Napi::Value Checked(Napi::Value value, const char* name);

  Napi::Object object_;
  std::string path_;
  std::string error_;
};

StartOptions ReadStartOptions(OptionReader* reader);
ModelOptions ReadModelOptions(OptionReader* reader);
/// One that comes to others: with a name.
PipelineSource ReadAddedSource(OptionReader* source);
/// Member `algorithm`.
TrackAlgorithm ReadTrackAlgorithm(OptionReader* reader);
/// Only the paths, as `inspectModel` takes them.
DetectorOptions ReadModelPaths(OptionReader* reader);

}  // namespace jetfleet
