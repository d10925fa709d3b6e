#include "backends/onnxruntime/ort_build.h"

#include <string>

#include "backends/draft.h"
#include "backends/guard.h"

namespace jetfleet {
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
