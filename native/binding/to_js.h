#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "core/infer/model_program.h"
#include "core/pipeline_stats.h"
#include "core/status.h"
#include "core/track/tracker.h"

/// C++ results as the JavaScript objects of api.ts. Main thread only.
namespace jetfleet {

Napi::Error ToJsError(Napi::Env env, const Status& status);
Napi::Object ToJs(Napi::Env env, const ModelInfo& info);
Napi::Array ToJs(Napi::Env env, const std::vector<Detection>& detections,
                 const std::vector<std::string>& labels);
Napi::Array ToJs(Napi::Env env, const std::vector<Track>& tracks,
                 const std::vector<std::string>& labels);
Napi::Object ToJs(Napi::Env env, const ModelProgram::LoadTimes& times,
                  const std::optional<ModelChange>& change);
Napi::Object ToJs(Napi::Env env, const ModelProgram::LoadTimes& times);

}  // namespace jetfleet
