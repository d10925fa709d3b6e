#pragma once

#include <napi.h>

/// The functions of `NativeAddon` in api.ts, one file each.
namespace jetfleet {

class BuildList;
class PipelineList;

Napi::Value StartPipeline(const Napi::CallbackInfo& info, const Napi::FunctionReference& handle,
                          PipelineList* pipelines);
Napi::Value BenchModel(const Napi::CallbackInfo& info);
Napi::Value BuildEngine(const Napi::CallbackInfo& info, BuildList* builds);
Napi::Value CompileKernels(const Napi::CallbackInfo& info);
Napi::Value DescribeBackend(const Napi::CallbackInfo& info);
Napi::Value InspectModel(const Napi::CallbackInfo& info);
Napi::Value DetectImage(const Napi::CallbackInfo& info);
Napi::Value EmbedImage(const Napi::CallbackInfo& info);
Napi::Value TestModel(const Napi::CallbackInfo& info);
Napi::Value MeasureInference(const Napi::CallbackInfo& info);
Napi::Value TrackDetections(const Napi::CallbackInfo& info);
Napi::Value AnalyseTracks(const Napi::CallbackInfo& info);

}  // namespace jetfleet
