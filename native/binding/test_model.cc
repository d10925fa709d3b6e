#include <memory>
#include <string>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "binding/to_js.h"
#include "core/infer/choose_decoder.h"

namespace jetfleet {

Napi::Value TestModel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "model");
  const ModelOptions options = ReadModelOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));

  struct Tried {
    std::shared_ptr<ModelProgram> model;
    ModelProgram::LoadTimes times;
    std::string reason;
  };
  const auto tried = std::make_shared<Tried>();
  return Job::Run(
      env, "jetfleet-test",
      [options, tried] {
        if (options.detector.decoder.name == "auto") {
          return ChooseDecoder(options, &tried->model, &tried->times, &tried->reason);
        }
        return ModelProgram::LoadAndWarm(options, &tried->model, &tried->times);
      },
      [tried](Napi::Env settle_env) {
        Napi::Object result = ToJs(settle_env, tried->times);
        const BoundDecoder& bound = tried->model->bound();
        result.Set("decoder", bound.name);
        result.Set("reason", tried->reason);
        const Size input = bound.decoder->input();
        auto size = Napi::Object::New(settle_env);
        size.Set("width", input.width);
        size.Set("height", input.height);
        result.Set("input", size);
        return result;
      });
}

}  // namespace jetfleet
