#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

namespace jetfleet {

/// A file that is gone again unless it is kept.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) {}
  ~Draft() {
    if (!kept_) unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const std::string& path() const { return path_; }

  /// Onto the disk and under its final name. `errno` tells why not.
  bool Keep(const std::string& final_path) {
    if (!Sync(path_, O_RDWR) || std::rename(path_.c_str(), final_path.c_str()) != 0) return false;
    kept_ = true;
    const auto slash = final_path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : final_path.substr(0, slash + 1);
    return Sync(folder, O_RDONLY | O_DIRECTORY);
  }

 private:
  static bool Sync(const std::string& path, int flags) {
    const int file = open(path.c_str(), flags | O_CLOEXEC);
    if (file < 0) return false;
    const bool synced = fsync(file) == 0;
    return close(file) == 0 && synced;
  }

  const std::string path_;
  bool kept_ = false;
};

}  // namespace jetfleet
