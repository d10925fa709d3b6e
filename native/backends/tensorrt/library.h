#pragma once

#include <memory>
#include <string>

#include "backends/tensorrt/generation.h"

namespace jetfleet::tensorrt {

/// The vendor's library of exactly our generation, opened for good: it does not survive being
/// closed while threads of its own run.
class Library {
 public:
  /// `path`: the library's file, a folder that holds it, or empty for where the system looks.
  /// Throws Failure JF_LIBRARY, which says what was found and why none of it will do.
  static std::unique_ptr<Library> Open(const std::string& path);

  const std::string& path() const { return path_; }
  const std::string& version() const { return version_text_; }

  /// Throw Failure with the library's own words when it makes none.
  std::unique_ptr<nvinfer1::IBuilder> NewBuilder() const;
  std::unique_ptr<nvinfer1::IRuntime> NewRuntime() const;
  /// Opens the parser's library the first time. JF_LIBRARY when that is missing.
  std::unique_ptr<nvonnxparser::IParser> NewParser(nvinfer1::INetworkDefinition& network) const;

 private:
  Library(void* handle, std::string path, Version version);

  void* const handle_;
  const std::string path_;
  const std::string version_text_;
};

}  // namespace jetfleet::tensorrt
