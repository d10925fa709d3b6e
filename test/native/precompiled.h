// What most tests include, in front of each of them; only what is not ours, so that it is compiled once.
#ifndef JETFLEET_TEST_PRECOMPILED_H_
#define JETFLEET_TEST_PRECOMPILED_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#endif  // JETFLEET_TEST_PRECOMPILED_H_
