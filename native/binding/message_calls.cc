#include "binding/message_calls.h"

namespace jetfleet {
namespace {

/// Messages of frames are the many: an object that JavaScript makes, with names and the model's id
/// that it has already, costs a quarter of one made from here.
constexpr char kOnFrames[] = R"((onMessage) => {
  let modelId;
  return (id, frames, json) => {
    if (id !== undefined) modelId = id;
    onMessage({ type: "frames", modelId, frames, json });
  };
})";

Napi::Value ErrorFields(Napi::Env env, const Status& status) {
  if (status.ok()) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("code", CodeName(status.code));
  object.Set("message", status.message);
  return object;
}

/// Fills the object of a message by kind.
struct Fill {
  Napi::Env env;
  Napi::Object object;
  JsonSlab* slab;

  void SetKind(const char* type, const Status& status) {
    object.Set("type", type);
    object.Set("error", ErrorFields(env, status));
  }
  void operator()(const FramesMessage&) {}
  void operator()(const StatsMessage& message) {
    object.Set("type", "stats");
    object.Set("json", slab->View(env, message.json));
  }
  void operator()(const SourceMessage& message) {
    SetKind("source", message.error);
    if (!message.source.empty()) object.Set("source", message.source);
    object.Set("state", SourceStateName(message.state));
  }
  void operator()(const WarningMessage& message) {
    SetKind("warning", message.error);
    if (!message.source.empty()) object.Set("source", message.source);
  }
  void operator()(const AnalyticsMessage& message) {
    object.Set("type", "analytics");
    object.Set("events", static_cast<double>(message.events));
    object.Set("json", slab->View(env, message.json));
  }
  void operator()(const FailedMessage& message) { SetKind("failed", message.error); }
};

}  // namespace

bool MessageCalls::Open(Napi::Env env, Napi::Function on_message) {
  const Napi::Value wrap = env.RunScript(kOnFrames);
  if (wrap.IsEmpty()) return false;
  const Napi::Value on_frames = wrap.As<Napi::Function>().Call({on_message});
  if (on_frames.IsEmpty()) return false;
  on_message_ = Napi::Persistent(on_message);
  on_frames_ = Napi::Persistent(on_frames.As<Napi::Function>());
  return true;
}

void MessageCalls::Call(Napi::Env env, const Message& message) {
  if (const auto* frames = std::get_if<FramesMessage>(&message)) {
    return CallWithFrames(env, *frames);
  }
  auto object = Napi::Object::New(env);
  std::visit(Fill{env, object, &slab_}, message);
  on_message_.Call({object});
}

void MessageCalls::CallWithFrames(Napi::Env env, const FramesMessage& message) {
  napi_value id = env.Undefined();
  if (message.model != model_) id = Napi::String::New(env, message.model->id);
  model_ = message.model;
  on_frames_.Call({id, Napi::Number::New(env, static_cast<double>(message.frames)),
                   slab_.View(env, message.json)});
}

void MessageCalls::Reset() {
  on_message_.Reset();
  on_frames_.Reset();
  slab_.Reset();
}

void MessageCalls::SuppressDestruct() {
  on_message_.SuppressDestruct();
  on_frames_.SuppressDestruct();
  slab_.SuppressDestruct();
}

}  // namespace jetfleet
