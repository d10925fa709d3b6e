// jetfleet-scene: the truth about frames, and frames as pictures.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "light.h"
#include "scene.h"

using jetfleet::scene::LabelName;
using jetfleet::scene::Light;
using jetfleet::scene::LightAt;
using jetfleet::scene::Scene;
using jetfleet::scene::TrueObject;

namespace {

constexpr const char* kUsage =
    "usage: jetfleet-scene truth  [--seed S] [--from FRAME] [--count N] [--fps R] [--width W "
    "--height H]\n"
    "       jetfleet-scene render [--seed S] [--frame FRAME] [--fps R] [--width W --height H] > "
    "picture.ppm\n"
    "\n"
    "truth prints one JSON line per frame: every figure with its label, box [left, top, width, "
    "height] clipped to\n"
    "the picture, and the share of it that can be seen; night is 0 by day and 1 in the dark. "
    "Defaults: seed 1,\n"
    "frame 0, 15 fps, 1280x720.\n";

struct Options {
  std::string command;
  uint64_t seed = 1, from = 0, count = 1;
  double fps = 15;
  int width = 1280, height = 720;
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "jetfleet-scene: %s\n%s", message.c_str(), kUsage);
  std::exit(2);
}

double Number(const std::string& name, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (*text == '\0' || *end != '\0' || value < 0)
    Fail("expected a number for " + name + " but got '" + text + "'");
  return value;
}

Options Parse(int argc, char** argv) {
  Options o;
  if (argc < 2) Fail("expected a command");
  o.command = argv[1];
  if (o.command == "--help" || o.command == "help") {
    std::fputs(kUsage, stdout);
    std::exit(0);
  }
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) Fail("expected a value after " + name);
    const double value = Number(name, argv[i + 1]);
    if (name == "--seed")
      o.seed = static_cast<uint64_t>(value);
    else if (name == "--from" || name == "--frame")
      o.from = static_cast<uint64_t>(value);
    else if (name == "--count")
      o.count = static_cast<uint64_t>(value);
    else if (name == "--fps")
      o.fps = value;
    else if (name == "--width")
      o.width = static_cast<int>(value);
    else if (name == "--height")
      o.height = static_cast<int>(value);
    else
      Fail("unknown option " + name);
  }
  return o;
}

void PrintTruth(Scene& scene, const Options& o) {
  for (uint64_t frame = o.from; frame < o.from + o.count; ++frame) {
    const Light light = LightAt(o.seed, static_cast<double>(frame) / o.fps);
    std::printf("{\"frame\":%llu,\"width\":%d,\"height\":%d,\"night\":%.2f,\"objects\":[",
                static_cast<unsigned long long>(frame), o.width, o.height,
                static_cast<double>(light.night));
    const char* separator = "";
    for (const TrueObject& t : scene.Truth(frame)) {
      std::printf("%s{\"id\":%llu,\"label\":\"%s\",\"box\":[%d,%d,%d,%d],\"visible\":%.4f}",
                  separator, static_cast<unsigned long long>(t.id), LabelName(t.label), t.left,
                  t.top, t.width, t.height, static_cast<double>(t.visible));
      separator = ",";
    }
    std::puts("]}");
  }
}

void PrintPicture(Scene& scene, const Options& o) {
  std::vector<uint8_t> rgb(static_cast<size_t>(o.width) * o.height * 3);
  scene.RenderRgb(o.from, rgb.data());
  std::printf("P6\n%d %d\n255\n", o.width, o.height);
  std::fwrite(rgb.data(), 1, rgb.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  try {
    Scene scene(o.seed, o.width, o.height, o.fps);
    if (o.command == "truth")
      PrintTruth(scene, o);
    else if (o.command == "render")
      PrintPicture(scene, o);
    else
      Fail("unknown command '" + o.command + "'");
  } catch (const std::exception& e) {
    Fail(e.what());
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
