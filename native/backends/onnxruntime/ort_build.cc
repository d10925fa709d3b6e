#include "backends/onnxruntime/ort_build.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace jetfleet {
namespace {

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

  /// Onto the disk and under its final name.
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

}  // namespace

std::int32_t BuildOptimised(Ort::Env& env, const JfBuildOptions& options,
                            const JfBuildEvents& events, JfError* error) {
  const auto cancelled = [&] {
    return events.cancelled != nullptr && events.cancelled(events.user) != 0;
  };
  const auto progress = [&](double share, const char* step) {
    if (events.progress != nullptr) events.progress(events.user, share, step);
  };
  if (cancelled()) return Fail(error, JF_CANCELLED, "The build was cancelled");
  progress(0, "optimising the graph for this processor");
  Draft draft(std::string(options.engine_path) + ".part");
  Ort::SessionOptions settings = SessionSettings(options.threads);
  settings.SetOptimizedModelFilePath(draft.path().c_str());
  const Ort::Session session(env, options.model_path, settings);
  if (cancelled()) return Fail(error, JF_CANCELLED, "The build was cancelled");
  progress(0.9, "writing the engine");
  if (!draft.Keep(options.engine_path)) {
    return Fail(error, JF_INTERNAL, std::string("Cannot write the engine ") + options.engine_path);
  }
  progress(1, "done");
  return JF_OK;
}

}  // namespace jetfleet
