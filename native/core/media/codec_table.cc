#include "core/media/codec_table.h"

namespace jetfleet {
namespace {

constexpr char kHostCaps[] = "video/x-raw,format=(string){I420,NV12}";

GstElement* Make(const char* name) { return gst_element_factory_make(name, nullptr); }

void Destroy(GstElement* element) {
  if (element == nullptr) return;
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(gst_object_ref_sink(element));
}

/// Opening the device is what can fail: too many sessions, a driver that is not there.
bool Opens(GstElement* decoder) {
  return gst_element_set_state(decoder, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE;
}

void Configure(GstElement* decoder) {
  // libav: frame threads would each hold back a frame, and what it knows to be broken is no result.
  SetIfPresent(decoder, "max-threads", "1");
  SetIfPresent(decoder, "output-corrupt", "false");
  // Errors of single pictures are counted, not fatal.
  SetIfPresent(decoder, "max-errors", "-1");
  SetIfPresent(decoder, "enable-max-performance", "true");
  // A Jetson's has few surfaces, and those that wait for the accelerator are still in use: two in
  // front of a batch, one in each of the batches that are ready or under way, and some to spare.
  SetIfPresent(decoder, "num-extra-surfaces", "8");
}

}  // namespace

const std::vector<CodecRow>& CodecTable() {
  static const std::vector<CodecRow> table = {
      {"H.264",
       "H264",
       "video/x-h264",
       "rtph264depay",
       "h264parse",
       "video/x-h264,stream-format=(string)byte-stream,alignment=(string)au",
       {
           // Hardware of a Jetson: pictures stay where they are for an accelerator that takes them
           // there; else the VIC copies them to host memory once.
           {"nvv4l2decoder", "identity", "video/x-raw(memory:NVMM),format=(string)NV12",
            MemoryKind::kNvmm},
           {"nvv4l2decoder", "nvvidconv", "video/x-raw,format=(string)NV12", MemoryKind::kHost},
           {"avdec_h264", "videoconvert", kHostCaps, MemoryKind::kHost},
           {"openh264dec", "videoconvert", kHostCaps, MemoryKind::kHost},
       }},
  };
  return table;
}

std::string CodecNames() {
  std::string names;
  for (const CodecRow& codec : CodecTable())
    names += (names.empty() ? "" : " or ") + std::string(codec.name);
  return names;
}

Status OpenDecoder(const CodecRow& codec, Nvmm nvmm,
                   const std::function<void(const std::string&)>& passed_over,
                   OpenedDecoder* opened) {
  std::string known;
  for (const DecoderRow& row : codec.decoders) {
    if (row.memory == MemoryKind::kNvmm) {
      if (nvmm == Nvmm::kNo) continue;
    } else {
      known += (known.empty() ? "" : ", ") + std::string(row.decoder);
    }
    GstElement* decoder = Make(row.decoder);
    GstElement* converter = decoder == nullptr ? nullptr : Make(row.converter);
    if (converter != nullptr) {
      Configure(decoder);
      if (Opens(decoder)) {
        *opened = {&row, decoder, converter};
        return Status::Ok();
      }
      passed_over(std::string("The decoder ") + row.decoder +
                  " is installed but does not open; the next one is tried");
    }
    Destroy(decoder);
    Destroy(converter);
  }
  return Status::Error(ErrorCode::kNativeLoad, std::string("Expected a GStreamer decoder of ") +
                                                   codec.name + " (one of " + known +
                                                   ") but none on this machine opens");
}

bool SetIfPresent(GstElement* element, const char* property, const std::string& value) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), property) == nullptr) return false;
  gst_util_set_object_arg(G_OBJECT(element), property, value.c_str());
  return true;
}

}  // namespace jetfleet
