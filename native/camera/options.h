#pragma once

#include <cstdint>
#include <string>

namespace jetfleet::camera {

struct Options {
  std::string host = "127.0.0.1";
  int port = 0;
  std::string mount = "/scene";
  uint64_t seed = 1;
  int width = 1280, height = 720, fps = 15;
  int bitrate_kbit = 4000;
  /// H.264 in MP4, served as it is; empty: the scene.
  std::string file;
  bool loop = false;
  /// Empty: everyone may watch.
  std::string user, password;
};

/// Exits with a message and status 2 on wrong arguments, with the help and status 0 on --help.
Options ParseOptions(int argc, char** argv);

}  // namespace jetfleet::camera
