// Registers what api.ts describes; nothing else happens here.
#include <napi.h>

#include "binding/build_list.h"
#include "binding/functions.h"
#include "binding/pipeline_handle.h"
#include "binding/pipeline_list.h"

namespace jetfleet {

/// One per environment (main thread, each worker): no state is shared through globals.
class Addon final : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports)
      : pipeline_handle_(Napi::Persistent(PipelineHandle::Define(env))) {
    DefineAddon(exports, {
                             InstanceValue("version", Napi::String::New(env, JETFLEET_VERSION)),
                             InstanceMethod<&Addon::Start>("startPipeline"),
                             InstanceMethod<&Addon::Bench>("benchModel"),
                             InstanceMethod<&Addon::Build>("buildEngine"),
                             InstanceMethod<&Addon::Compile>("compileKernels"),
                             InstanceMethod<&Addon::Describe>("describeBackend"),
                             InstanceMethod<&Addon::Inspect>("inspectModel"),
                             InstanceMethod<&Addon::Test>("testModel"),
                             InstanceMethod<&Addon::Detect>("detectImage"),
                             InstanceMethod<&Addon::Embed>("embedImage"),
                             InstanceMethod<&Addon::Measure>("measureInference"),
                             InstanceMethod<&Addon::TrackAll>("trackDetections"),
                             InstanceMethod<&Addon::AnalyseAll>("analyseTracks"),
                         });
    pipelines_.StopAtExit(env);
    builds_.EndAtExit(env);
  }

 private:
  Napi::Value Start(const Napi::CallbackInfo& info) {
    return StartPipeline(info, pipeline_handle_, &pipelines_);
  }
  Napi::Value Bench(const Napi::CallbackInfo& info) { return BenchModel(info); }
  Napi::Value Build(const Napi::CallbackInfo& info) { return BuildEngine(info, &builds_); }
  Napi::Value Compile(const Napi::CallbackInfo& info) { return CompileKernels(info); }
  Napi::Value Describe(const Napi::CallbackInfo& info) { return DescribeBackend(info); }
  Napi::Value Inspect(const Napi::CallbackInfo& info) { return InspectModel(info); }
  Napi::Value Test(const Napi::CallbackInfo& info) { return TestModel(info); }
  Napi::Value Detect(const Napi::CallbackInfo& info) { return DetectImage(info); }
  Napi::Value Embed(const Napi::CallbackInfo& info) { return EmbedImage(info); }
  Napi::Value Measure(const Napi::CallbackInfo& info) { return MeasureInference(info); }
  Napi::Value TrackAll(const Napi::CallbackInfo& info) { return TrackDetections(info); }
  Napi::Value AnalyseAll(const Napi::CallbackInfo& info) { return AnalyseTracks(info); }

  Napi::FunctionReference pipeline_handle_;
  PipelineList pipelines_;
  BuildList builds_;
};

NODE_API_NAMED_ADDON(jetfleet, Addon)

}  // namespace jetfleet
