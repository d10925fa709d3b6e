#pragma once

#include <napi.h>

#include <memory>

#include "binding/json_slab.h"
#include "binding/mailbox.h"

namespace jetfleet {

/// Hands messages to JavaScript as the objects of api.ts. For the thread of the environment.
class MessageCalls {
 public:
  /// False, with a pending exception, when Node-API refuses.
  bool Open(Napi::Env env, Napi::Function on_message);
  bool open() const { return !on_message_.IsEmpty(); }
  /// An exception that JavaScript throws is left pending.
  void Call(Napi::Env env, const Message& message);
  void Reset();
  /// Before the environment goes.
  void SuppressDestruct();

 private:
  void CallWithFrames(Napi::Env env, const FramesMessage& message);

  Napi::FunctionReference on_message_;
  /// The same for messages of frames, in pieces.
  Napi::FunctionReference on_frames_;
  JsonSlab slab_;
  /// Whose id `on_frames_` was last told.
  std::shared_ptr<const ModelTag> model_;
};

}  // namespace jetfleet
