#include "options.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace jetfleet::camera {
namespace {

constexpr const char* kUsage =
    "usage: jetfleet-camera [options]\n"
    "\n"
    "A simulated IP camera: H.264 over RTSP (TCP and UDP). Every picture carries its frame number "
    "and capture\n"
    "time in an SEI message. Prints one JSON line when ready; SIGTERM or SIGINT ends it.\n"
    "\n"
    "  --port N            TCP port, 0 for any free one (0)\n"
    "  --host ADDRESS      address to listen on (127.0.0.1)\n"
    "  --mount PATH        path of the stream (/scene)\n"
    "  --seed N            which street (1)\n"
    "  --fps N             frames per second, 1 to 60 (15)\n"
    "  --width N --height N  size of the picture, even (1280 720)\n"
    "  --bitrate KBIT      kilobits per second (4000)\n"
    "  --file FILE.mp4     serve this H.264 file instead of the scene, not encoded again\n"
    "  --loop              begin the file again at its end\n"
    "  --user NAME --password-file FILE  ask for this user and the password on the file's first "
    "line\n";

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "jetfleet-camera: %s\nSee jetfleet-camera --help.\n", message.c_str());
  std::exit(2);
}

long Whole(const std::string& name, const std::string& text, long low, long high) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < low || value > high) {
    Fail("expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
         " for " + name + " but got '" + text + "'");
  }
  return value;
}

std::string FirstLine(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line) || line.empty()) {
    Fail("expected a password on the first line of " + path + " but could not read one");
  }
  return line;
}

void Check(const Options& o) {
  if (o.mount.size() < 2 || o.mount[0] != '/')
    Fail("expected a path such as /scene for --mount but got '" + o.mount + "'");
  if (o.user.empty() != o.password.empty()) Fail("--user and --password-file belong together");
  if (o.width % 2 != 0 || o.height % 2 != 0) Fail("expected an even width and height");
  if (o.file.empty() && o.loop) Fail("--loop needs --file");
  if (!o.file.empty() && !std::ifstream(o.file)) Fail("cannot read " + o.file);
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    }
    if (name == "--loop") {
      o.loop = true;
      continue;
    }
    if (i + 1 >= argc) Fail("expected a value after " + name);
    const std::string value = argv[++i];
    if (name == "--port")
      o.port = static_cast<int>(Whole(name, value, 0, 65535));
    else if (name == "--host")
      o.host = value;
    else if (name == "--mount")
      o.mount = value;
    else if (name == "--seed")
      o.seed = static_cast<uint64_t>(Whole(name, value, 0, INT64_MAX - 1));
    else if (name == "--fps")
      o.fps = static_cast<int>(Whole(name, value, 1, 60));
    else if (name == "--width")
      o.width = static_cast<int>(Whole(name, value, 64, 4096));
    else if (name == "--height")
      o.height = static_cast<int>(Whole(name, value, 64, 4096));
    else if (name == "--bitrate")
      o.bitrate_kbit = static_cast<int>(Whole(name, value, 50, 100000));
    else if (name == "--file")
      o.file = value;
    else if (name == "--user")
      o.user = value;
    else if (name == "--password-file")
      o.password = FirstLine(value);
    else
      Fail("unknown option " + name);
  }
  Check(o);
  return o;
}

}  // namespace jetfleet::camera
