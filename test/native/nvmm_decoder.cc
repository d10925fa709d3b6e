#include "nvmm_decoder.h"

#include <dlfcn.h>
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <mutex>

#include "core/media/media_pipeline.h"
#include "core/memory/nvbuf.h"

namespace jetfleet {

using nvbuf_double::Picture;

struct NvmmDecoder::State {
  void* library = nullptr;
  bool surfaces = false;
  Memory memory = Memory::kDmabuf;
  std::mutex mutex;
  std::deque<Picture*> free;
  std::map<int, std::string> luma;
  int made = 0;
  int outside = 0;

  template <typename Call>
  Call* Of(const char* name) const {
    return reinterpret_cast<Call*>(dlsym(library, name));
  }

  Picture* Take(int width, int height) {
    const std::lock_guard<std::mutex> lock(mutex);
    ++outside;
    if (free.empty()) {
      ++made;
      return Of<nvbuf_double::DecodeCall>("nvbuf_double_decode")(nvbuf_double::kNv12, width, height,
                                                                 0);
    }
    Picture* const picture = free.front();
    free.pop_front();
    return picture;
  }

  void Return(Picture* picture) {
    const std::lock_guard<std::mutex> lock(mutex);
    --outside;
    luma.erase(picture->fd);
    free.push_back(picture);
  }

  ~State() {
    for (Picture* picture : free) Of<nvbuf_double::ForgetCall>("nvbuf_double_forget")(picture);
  }
};

namespace {

std::shared_ptr<NvmmDecoder::State> the_state;

/// What a picture's memory holds when it is mapped.
struct Payload {
  nvbuf::SurfaceBatch batch{};
  nvbuf::SurfaceParameters parameters{};
  Picture* picture = nullptr;
  std::shared_ptr<NvmmDecoder::State> state;
};

GstMemory* Wrapped(const std::shared_ptr<NvmmDecoder::State>& state, Picture* picture) {
  auto* const payload = new Payload;
  payload->picture = picture;
  payload->state = state;
  payload->parameters.descriptor = static_cast<std::uint64_t>(picture->fd);
  payload->batch.batch_size = payload->batch.filled = 1;
  payload->batch.memory_type =
      state->memory == NvmmDecoder::Memory::kDmabuf ? nvbuf::kSurfaceArray : 2;
  payload->batch.surfaces = &payload->parameters;
  void* const data = state->surfaces ? static_cast<void*>(&payload->batch) : &payload->picture;
  const gsize bytes = state->surfaces ? sizeof(payload->batch) : sizeof(payload->picture);
  return gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, data, bytes, 0, bytes, payload,
                                [](gpointer one) {
                                  auto* const ended = static_cast<Payload*>(one);
                                  ended->state->Return(ended->picture);
                                  delete ended;
                                });
}

struct NvmmWrap {
  GstBaseTransform base;
  GstVideoInfo info;
};
struct NvmmWrapClass {
  GstBaseTransformClass base;
};
G_DEFINE_TYPE(NvmmWrap, nvmm_wrap, GST_TYPE_BASE_TRANSFORM)

constexpr char kHostCaps[] = "video/x-raw,format=(string)NV12";
constexpr char kNvmmCaps[] = "video/x-raw(memory:NVMM),format=(string)NV12";

GstCaps* TransformCaps(GstBaseTransform*, GstPadDirection direction, GstCaps* caps,
                       GstCaps* filter) {
  GstCaps* const other = gst_caps_copy(caps);
  for (guint i = 0; i < gst_caps_get_size(other); ++i) {
    gst_caps_set_features(other, i,
                          direction == GST_PAD_SINK ? gst_caps_features_new("memory:NVMM", nullptr)
                                                    : gst_caps_features_new_empty());
  }
  if (filter == nullptr) return other;
  GstCaps* const both = gst_caps_intersect(other, filter);
  gst_caps_unref(other);
  return both;
}

gboolean SetCaps(GstBaseTransform* base, GstCaps* in, GstCaps*) {
  return gst_video_info_from_caps(&reinterpret_cast<NvmmWrap*>(base)->info, in);
}

GstFlowReturn PrepareOutput(GstBaseTransform* base, GstBuffer* in, GstBuffer** out) {
  const GstVideoInfo& info = reinterpret_cast<NvmmWrap*>(base)->info;
  const std::shared_ptr<NvmmDecoder::State> state = the_state;
  Picture* const picture = state->Take(GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info));
  GstVideoFrame frame;
  if (gst_video_frame_map(&frame, &info, in, GST_MAP_READ) == FALSE) return GST_FLOW_ERROR;
  for (int plane = 0; plane < 2; ++plane) {
    const int rows = GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane);
    const auto* const samples =
        static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    for (int row = 0; row < rows; ++row) {
      std::memcpy(picture->samples[plane].data() + row * picture->strides[plane],
                  samples + row * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane),
                  static_cast<std::size_t>(GST_VIDEO_INFO_WIDTH(&info)));
    }
  }
  gst_video_frame_unmap(&frame);
  {
    const std::lock_guard<std::mutex> lock(state->mutex);
    state->luma[picture->fd].assign(picture->samples[0].begin(), picture->samples[0].end());
  }
  *out = gst_buffer_new();
  gst_buffer_append_memory(*out, Wrapped(state, picture));
  gst_buffer_copy_into(*out, in, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return GST_FLOW_OK;
}

void nvmm_wrap_class_init(NvmmWrapClass* type) {
  GstElementClass* const element = GST_ELEMENT_CLASS(type);
  gst_element_class_set_static_metadata(element, "memory:NVMM", "Filter", "wraps", "tests");
  const auto add = [&](const char* name, GstPadDirection direction, const char* text) {
    GstCaps* const caps = gst_caps_from_string(text);
    gst_element_class_add_pad_template(element,
                                       gst_pad_template_new(name, direction, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
  };
  add("sink", GST_PAD_SINK, kHostCaps);
  add("src", GST_PAD_SRC, kNvmmCaps);
  type->base.transform_caps = TransformCaps;
  type->base.set_caps = SetCaps;
  type->base.prepare_output_buffer = PrepareOutput;
  type->base.transform = [](GstBaseTransform*, GstBuffer*, GstBuffer*) { return GST_FLOW_OK; };
}

void nvmm_wrap_init(NvmmWrap*) {}

struct NvmmBin {
  GstBin bin;
};
struct NvmmBinClass {
  GstBinClass bin;
};
G_DEFINE_TYPE(NvmmBin, nvmm_bin, GST_TYPE_BIN)

void nvmm_bin_class_init(NvmmBinClass* type) {
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(type), "decoder", "Codec/Decoder/Video",
                                        "leaves pictures in NVMM", "tests");
}

void nvmm_bin_init(NvmmBin* bin) {
  GstElement* const decoder = gst_element_factory_make("avdec_h264", nullptr);
  GstElement* const convert = gst_element_factory_make("videoconvert", nullptr);
  auto* const wrap = static_cast<GstElement*>(g_object_new(nvmm_wrap_get_type(), nullptr));
  g_object_set(decoder, "max-threads", 1, "output-corrupt", FALSE, nullptr);
  gst_bin_add_many(GST_BIN(bin), decoder, convert, wrap, nullptr);
  gst_element_link_many(decoder, convert, wrap, nullptr);
  const auto expose = [&](GstElement* element, const char* name) {
    GstPad* const pad = gst_element_get_static_pad(element, name);
    gst_element_add_pad(GST_ELEMENT(bin), gst_ghost_pad_new(name, pad));
    gst_object_unref(pad);
  };
  expose(decoder, "sink");
  expose(wrap, "src");
}

constexpr char kDecoder[] = "nvv4l2decoder";

}  // namespace

NvmmDecoder::NvmmDecoder(const std::string& folder, Memory memory)
    : state_(std::make_shared<State>()) {
  EnsureGstInit();
  state_->library = nvbuf::OpenLibrary(folder, nvbuf::kSurfaceLibrary);
  state_->surfaces = state_->library != nullptr;
  if (!state_->surfaces) state_->library = nvbuf::OpenLibrary(folder, nvbuf::kUtilsLibrary);
  EXPECT_NE(state_->library, nullptr) << folder;
  state_->memory = memory;
  the_state = state_;
  gst_element_register(nullptr, kDecoder, GST_RANK_NONE, nvmm_bin_get_type());
}

NvmmDecoder::~NvmmDecoder() {
  the_state.reset();
  GstPluginFeature* const feature =
      gst_registry_find_feature(gst_registry_get(), kDecoder, GST_TYPE_ELEMENT_FACTORY);
  if (feature == nullptr) return;
  gst_registry_remove_feature(gst_registry_get(), feature);
  gst_object_unref(feature);
}

nvbuf_double::Ledger& NvmmDecoder::ledger() const {
  return *state_->Of<nvbuf_double::LedgerCall>("nvbuf_double_ledger")();
}

int NvmmDecoder::made() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->made;
}

int NvmmDecoder::outside() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->outside;
}

std::string NvmmDecoder::LumaOf(int fd) const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  const auto found = state_->luma.find(fd);
  return found == state_->luma.end() ? "" : found->second;
}

}  // namespace jetfleet
