#pragma once

#include <napi.h>

#include <functional>

namespace jetfleet {

/// Has `act` called with the exit code by the process's event 'exit'. What it refers to must live
/// as long as `env`.
void OnProcessExit(Napi::Env env, std::function<void(int)> act);

}  // namespace jetfleet
