#include "core/media/codec_table.h"

#include <algorithm>

#include "core/media/elements.h"
#include "core/media/h264.h"
#include "core/media/h265.h"

namespace jetfleet {
namespace {

constexpr char kHostCaps[] = "video/x-raw,format=(string){I420,NV12}";
constexpr char kJetsonHostCaps[] = "video/x-raw,format=(string)NV12";
constexpr char kNvmmCaps[] = "video/x-raw(memory:NVMM),format=(string)NV12";
constexpr char kPassesOn[] = "identity";

/// In front of `others` the hardware of a Jetson: pictures stay where they are for an accelerator
/// that takes them there; else the VIC copies them to host memory once.
std::vector<DecoderRow> WithJetson(const std::vector<DecoderRow>& others) {
  std::vector<DecoderRow> all = {
      {"nvv4l2decoder", "identity", kNvmmCaps, MemoryKind::kNvmm},
      {"nvv4l2decoder", "nvvidconv", kJetsonHostCaps, MemoryKind::kHost}};
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

const CodecRow* Find(const std::function<bool(const CodecRow&)>& is_it) {
  const std::vector<CodecRow>& table = CodecTable();
  const auto found = std::find_if(table.begin(), table.end(), is_it);
  return found == table.end() ? nullptr : &*found;
}

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
      {"H.264", "H264", "video/x-h264", "rtph264depay", "h264parse", true,
       "video/x-h264,stream-format=(string)byte-stream,alignment=(string)au", ReadH264,
       WithJetson({{"nvh264dec", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"avdec_h264", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"openh264dec", "videoconvert", kHostCaps, MemoryKind::kHost}})},
      {"H.265", "H265", "video/x-h265", "rtph265depay", "h265parse", true,
       "video/x-h265,stream-format=(string)byte-stream,alignment=(string)au", ReadH265,
       WithJetson({{"nvh265dec", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"avdec_h265", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"libde265dec", "videoconvert", kHostCaps, MemoryKind::kHost}})},
      {"VP9", "VP9", "video/x-vp9", "rtpvp9depay", "vp9parse", false, "video/x-vp9", ReadFlagged,
       WithJetson({{"nvvp9dec", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"vp9dec", "videoconvert", kHostCaps, MemoryKind::kHost},
                   {"avdec_vp9", "videoconvert", kHostCaps, MemoryKind::kHost}})},
      // Neither a TX2 nor an AGX Xavier has hardware for it, although their decoder opens.
      {"AV1",
       "AV1",
       "video/x-av1",
       "rtpav1depay",
       "av1parse",
       false,
       "video/x-av1",
       ReadFlagged,
       {{"nvav1dec", "videoconvert", kHostCaps, MemoryKind::kHost},
        {"dav1ddec", "videoconvert", kHostCaps, MemoryKind::kHost},
        {"avdec_av1", "videoconvert", kHostCaps, MemoryKind::kHost},
        {"av1dec", "videoconvert", kHostCaps, MemoryKind::kHost}}},
      // A preview of what another track shows whole, where a camera sends both.
      {"JPEG",
       "JPEG",
       "image/jpeg",
       "rtpjpegdepay",
       "jpegparse",
       false,
       "image/jpeg",
       ReadJpeg,
       {{"jpegdec", "videoconvert", kHostCaps, MemoryKind::kHost},
        {"avdec_mjpeg", "videoconvert", kHostCaps, MemoryKind::kHost}}},
  };
  return table;
}

const CodecRow& RawPictures() {
  static const CodecRow row = {
      "raw pictures", "",         "video/x-raw",
      nullptr,        "identity", true,
      "video/x-raw",  ReadRaw,    {{kPassesOn, "videoconvert", kHostCaps, MemoryKind::kHost}}};
  return row;
}

const CodecRow& RawNvmmPictures() {
  static const CodecRow row = {"pictures of the camera",
                               "",
                               "video/x-raw",
                               nullptr,
                               "identity",
                               true,
                               kNvmmCaps,
                               ReadRaw,
                               {{kPassesOn, "identity", kNvmmCaps, MemoryKind::kNvmm},
                                {kPassesOn, "nvvidconv", kJetsonHostCaps, MemoryKind::kHost}}};
  return row;
}

const CodecRow* CodecByRtpName(const std::string& name) {
  return Find([&](const CodecRow& codec) { return name == codec.rtp_name; });
}

const CodecRow* CodecByCaps(const std::string& name) {
  return Find([&](const CodecRow& codec) { return name == codec.caps_name; });
}

std::string CodecNames() {
  std::string names;
  const std::vector<CodecRow>& table = CodecTable();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const char* join = i == 0 ? "" : i + 1 == table.size() ? " or " : ", ";
    names += join + std::string(table[i].name);
  }
  return names;
}

Status OpenDecoder(const CodecRow& codec, Nvmm nvmm,
                   const std::function<void(const Status&)>& passed_over, OpenedDecoder* opened) {
  std::string known;
  Status missing;
  for (const DecoderRow& row : codec.decoders) {
    const bool stays = row.memory == MemoryKind::kNvmm;
    if (stays && nvmm == Nvmm::kNo) continue;
    if (!stays) known += (known.empty() ? "" : ", ") + std::string(row.decoder);
    GstElement* decoder = Make(row.decoder);
    GstElement* converter = Make(row.converter);
    Status wrong;
    if (decoder == nullptr) {
      // Of the others, each machine has some.
      if (stays) wrong = MissingElement(row.decoder);
    } else if (converter == nullptr) {
      wrong = missing = MissingElement(row.converter);
    } else {
      Configure(decoder);
      if (Opens(decoder)) {
        *opened = {&row, decoder, converter};
        return Status::Ok();
      }
      wrong = Status::Error(ErrorCode::kNativeLoad, std::string("The decoder ") + row.decoder +
                                                        " is installed but does not open");
    }
    Destroy(decoder);
    Destroy(converter);
    const bool is_last = &row == &codec.decoders.back();
    if (!wrong.ok() && !is_last) {
      passed_over(Status::Error(wrong.code, wrong.message + "; the next decoder is tried"));
    }
  }
  if (!missing.ok()) return missing;
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
