#pragma once

#include <pthread.h>

#include <string>

namespace jetfleet {

/// Name of the calling thread as `top -H` shows it, at most 15 characters.
inline void NameThisThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace jetfleet
