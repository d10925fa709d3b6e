#include "binding/process_exit.h"

#include <utility>

namespace jetfleet {

void OnProcessExit(Napi::Env env, std::function<void(int)> act) {
  // Empty values: a worker that is terminated while it loads the addon; its clean-up hooks will do.
  const Napi::Value process = env.Global().Get("process");
  if (process.IsEmpty() || !process.IsObject()) return;
  const Napi::Value on = process.As<Napi::Object>().Get("on");
  if (on.IsEmpty() || !on.IsFunction()) return;
  const auto call = [act = std::move(act)](const Napi::CallbackInfo& info) {
    act(info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : 0);
  };
  const auto listener = Napi::Function::New(env, call, "jetfleetExit");
  if (listener.IsEmpty()) return;
  on.As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), listener});
}

}  // namespace jetfleet
