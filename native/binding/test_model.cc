#include <memory>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"

namespace jetfleet {

Napi::Value TestModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "model");
  const ModelOptions options = ReadModelOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));

  const auto times = std::make_shared<ModelProgram::LoadTimes>();
  return Job::Run(
      env, "jetfleet-test",
      [options, times] {
        std::shared_ptr<ModelProgram> model;
        return ModelProgram::LoadAndWarm(options, &model, times.get());
      },
      [times](Napi::Env settle_env) { return ToJs(settle_env, *times); });
}

}  // namespace jetfleet
