#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/status.h"

namespace jetfleet {

/// The file of a model, as a backend may open it, or of a shared object that came with it.
///
/// With a digest, what the backend reads are the very bytes that were found to have it: they are
/// read once, into memory that nobody can write to any more. A disk that damages the file, or
/// somebody who replaces it, comes too late.
class ModelFile {
 public:
  ModelFile() = default;
  ~ModelFile();
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  /// `digest` as "sha256:" and 64 hexadecimal digits, or empty: the file as it is. ARTIFACT_DIGEST
  /// when it has another one; MODEL_INVALID when it cannot be read, or wants data from other files,
  /// for a digest names one file only.
  enum class Content { kModel, kLibrary };
  Status Open(const std::string& path, const std::string& digest,
              Content content = Content::kModel);

  /// For the backend, while this object lives.
  const std::string& path() const { return path_; }
  /// A text of the backend with the file's own name in it.
  std::string Named(std::string text) const;

 private:
  Status Keep(const std::string& bytes);

  int memory_ = -1;
  std::string path_;
  std::string own_path_;
};

/// Where an ONNX model has data of its own outside its file: the first such place, or empty. Of
/// what is no ONNX model nothing is said; no library reads it either.
std::string ExternalDataOf(const std::uint8_t* bytes, std::size_t size);

}  // namespace jetfleet
