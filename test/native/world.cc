#include "world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/media/gst_ptr.h"
#include "core/sei.h"

namespace jetfleet {
namespace {

/// Offset of the start code of the first slice.
gsize FirstSlice(const GstMapInfo& map) {
  for (gsize i = 0; i + 3 < map.size; ++i) {
    const bool start_code = map.data[i] == 0 && map.data[i + 1] == 0 && map.data[i + 2] == 1;
    const int type = map.data[i + 3] & 0x1f;
    if (start_code && type >= 1 && type <= 5) return i;
  }
  return 0;
}

/// Puts our SEI in front of the first slice of the picture that a probe holds.
void Tag(GstPadProbeInfo* info, const FrameTag& tag) {
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const auto sei = BuildFrameTagSei(tag);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_READ);
  std::vector<std::uint8_t> bytes(map.data, map.data + map.size);
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(FirstSlice(map)), sei.begin(),
               sei.end());
  gst_buffer_unmap(buffer, &map);
  GstBuffer* tagged = gst_buffer_new_memdup(bytes.data(), bytes.size());
  gst_buffer_copy_into(
      tagged, buffer,
      static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS), 0,
      static_cast<gsize>(-1));
  GST_PAD_PROBE_INFO_DATA(info) = tagged;
  gst_buffer_unref(buffer);
}

/// By presentation time.
GstPadProbeReturn Number(GstPad*, GstPadProbeInfo* info, gpointer) {
  constexpr GstClockTime kFrame = GST_SECOND / 25;
  // x264enc starts at a thousand hours, to have room for decode times before it.
  const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  const GstClockTime number = pts % (3600 * GST_SECOND) / kFrame;
  Tag(info, {number, 1'000'000 + number});
  return GST_PAD_PROBE_OK;
}

void ProbeElement(GstElement* bin, const char* name, GstPadProbeCallback probe, gpointer data) {
  const GstPtr<GstElement> element(gst_bin_get_by_name(GST_BIN(bin), name));
  const GstPtr<GstPad> pad(gst_element_get_static_pad(element.get(), "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, data, nullptr);
}

}  // namespace

TempFile::TempFile(const std::string& extension) {
  std::string pattern = (std::filesystem::temp_directory_path() / "jetfleet-test-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  path_ = folder_ + "/file" + extension;
}

TempFile::~TempFile() { std::filesystem::remove_all(folder_); }

void PlayToEnd(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const GstPtr<GstBus> bus(gst_element_get_bus(pipeline));
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus.get(), 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
  gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
}

void MakeVideo(const std::string& path, int frames, bool tagged, const std::string& format) {
  EnsureGstInit();
  const std::string launch =
      "videotestsrc num-buffers=" + std::to_string(frames) +
      " ! video/x-raw,width=64,height=48,framerate=25/1,format=" + format +
      " ! x264enc bframes=2 key-int-max=12 ! "
      "video/x-h264,stream-format=byte-stream,alignment=au ! identity name=tag ! h264parse ! "
      "mp4mux ! filesink location=" +
      path;
  GError* error = nullptr;
  const GstPtr<GstElement> pipeline(gst_parse_launch(launch.c_str(), &error));
  ASSERT_EQ(error, nullptr) << error->message;
  if (tagged) ProbeElement(pipeline.get(), "tag", Number, nullptr);
  PlayToEnd(pipeline.get());
}

GstPadProbeReturn TestCamera::OnTaken(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto* camera = static_cast<TestCamera*>(self);
  const GstPtr<GstCaps> caps(gst_pad_get_current_caps(pad));
  int width = 0;
  gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "width", &width);
  GstBuffer* picture = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = picture;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  GstMapInfo map;
  gst_buffer_map(picture, &map, GST_MAP_WRITE);
  camera->options_.draw(map.data, width);
  gst_buffer_unmap(picture, &map);
  const std::lock_guard<std::mutex> lock(camera->mutex_);
  camera->taken_us_.push_back(static_cast<std::uint64_t>(us));
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn TestCamera::OnCoded(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* camera = static_cast<TestCamera*>(self);
  const std::lock_guard<std::mutex> lock(camera->mutex_);
  Tag(info, {camera->coded_++, camera->taken_us_.front()});
  camera->taken_us_.pop_front();
  return GST_PAD_PROBE_OK;
}

void TestCamera::OnConfigured(GstRTSPMediaFactory*, GstRTSPMedia* media, gpointer self) {
  const GstPtr<GstElement> bin(gst_rtsp_media_get_element(media));
  ProbeElement(bin.get(), "draw", OnTaken, self);
  ProbeElement(bin.get(), "tag", OnCoded, self);
}

TestCamera::TestCamera(const Options& options) : options_(options) { EnsureGstInit(); }

TestCamera::~TestCamera() { Stop(); }

void TestCamera::Start() {
  context_ = g_main_context_new();
  loop_ = g_main_loop_new(context_, FALSE);
  server_ = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server_, "127.0.0.1");
  gst_rtsp_server_set_service(server_, port_.c_str());
  GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, ("( " + options_.launch + " )").c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  if (options_.draw) {
    g_signal_connect(factory, "media-configure", G_CALLBACK(OnConfigured), this);
  }
  if (!options_.user.empty()) {
    GstRTSPAuth* auth = gst_rtsp_auth_new();
    GstRTSPToken* token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "user", nullptr);
    gchar* basic = gst_rtsp_auth_make_basic(options_.user.c_str(), options_.password.c_str());
    gst_rtsp_auth_add_basic(auth, basic, token);
    g_free(basic);
    gst_rtsp_token_unref(token);
    gst_rtsp_server_set_auth(server_, auth);
    g_object_unref(auth);
    gst_rtsp_media_factory_add_role(factory, "user", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, nullptr);
  }
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server_);
  gst_rtsp_mount_points_add_factory(mounts, "/x", factory);
  g_object_unref(mounts);
  ASSERT_NE(gst_rtsp_server_attach(server_, context_), 0U);
  port_ = std::to_string(gst_rtsp_server_get_bound_port(server_));
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
}

void TestCamera::Stop() {
  if (!thread_.joinable()) return;
  gst_rtsp_server_client_filter(
      server_,
      [](GstRTSPServer*, GstRTSPClient* client, gpointer) {
        gst_rtsp_client_close(client);
        return GST_RTSP_FILTER_REMOVE;
      },
      nullptr);
  g_main_loop_quit(loop_);
  thread_.join();
  // Destroying its sources closes the listening socket.
  g_object_unref(server_);
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

std::string TestCamera::Uri(const std::string& credentials) const {
  return "rtsp://" + (credentials.empty() ? "" : credentials + "@") + "127.0.0.1:" + port_ + "/x";
}

template <typename Change>
void Recorder::Note(Change change) {
  const std::lock_guard<std::mutex> lock(mutex_);
  change();
  changed_.notify_all();
}

void Recorder::OnFrames(std::vector<FrameResult> frames) {
  Note([&] {
    seen_.batches.push_back(frames.size());
    seen_.frames.insert(seen_.frames.end(), frames.begin(), frames.end());
  });
}

void Recorder::OnAnalytics(const std::vector<AnalyticsEvent>& events) {
  Note([&] { seen_.events.insert(seen_.events.end(), events.begin(), events.end()); });
}

void Recorder::OnStats(PipelineReport report) {
  Note([&] { seen_.stats.push_back(std::move(report)); });
}

void Recorder::OnSource(const std::string& source, SourceState state, const Status& status) {
  Note([&] {
    seen_.source.emplace_back(state, status);
    seen_.names.push_back(source);
  });
}

void Recorder::OnFailed(const Status& status) {
  Note([&] { seen_.failed.push_back(status); });
}

bool Recorder::WaitFor(const std::function<bool(const Seen&)>& condition,
                       std::chrono::seconds limit) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return condition(seen_); });
}

Recorder::Seen Recorder::Copy() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return seen_;
}

int Recorder::Seen::Count(SourceState state) const {
  return static_cast<int>(std::count_if(
      source.begin(), source.end(), [state](const auto& entry) { return entry.first == state; }));
}

bool Recorder::Seen::Reached(SourceState state) const { return Count(state) > 0; }

}  // namespace jetfleet
