// jetfleet-camera: a simulated IP camera.
#include <glib-unix.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "server.h"

using namespace jetfleet::camera;

namespace {

gboolean OnSignal(gpointer loop) {
  g_main_loop_quit(static_cast<GMainLoop*>(loop));
  return G_SOURCE_CONTINUE;
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

void Announce(const Options& o, const Server& server, int width, int height, double fps) {
  const std::string url = "rtsp://" + o.host + ":" + std::to_string(server.port()) + o.mount;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  std::string what = "\"seed\":" + std::to_string(o.seed);
  if (!o.file.empty()) what = "\"seed\":null,\"file\":" + Quoted(o.file);
  std::printf(
      "{\"pid\":%d,\"rtspUrl\":%s,%s,\"width\":%d,\"height\":%d,\"fps\":%g,\"auth\":%s,"
      "\"startedAtMs\":%lld}\n",
      static_cast<int>(getpid()), Quoted(url).c_str(), what.c_str(), width, height, fps,
      o.user.empty() ? "false" : "true", static_cast<long long>(ms));
  std::fflush(stdout);
}

void RunUntilSignal() {
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  g_unix_signal_add(SIGTERM, OnSignal, loop);
  g_unix_signal_add(SIGINT, OnSignal, loop);
  g_main_loop_run(loop);
  g_main_loop_unref(loop);
}

void ServeScene(const Options& o) {
  jetfleet::scene::Scene scene(o.seed, o.width, o.height, o.fps);
  std::mutex drawing;
  // The backdrop is drawn with the first picture: do it before anyone waits for it.
  std::vector<uint8_t> first(static_cast<size_t>(o.width) * o.height * 3);
  scene.RenderRgb(0, first.data());
  const Shutter shutter(o.fps);
  Server server(o, [&] { return std::make_unique<SceneFeed>(o, shutter, scene, drawing); });
  Announce(o, server, o.width, o.height, o.fps);
  RunUntilSignal();
}

void ServeClip(const Options& o) {
  const Clip clip(o.file);
  Server server(o, [&] { return std::make_unique<ClipFeed>(clip, o.loop); });
  Announce(o, server, clip.width(), clip.height(), clip.fps());
  RunUntilSignal();
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  gst_init(nullptr, nullptr);
  try {
    if (options.file.empty())
      ServeScene(options);
    else
      ServeClip(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "jetfleet-camera: %s\n", error.what());
    return 1;
  }
  return 0;
}
