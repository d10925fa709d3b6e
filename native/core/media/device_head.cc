#include "core/media/device_head.h"

#include <string>

#include "core/media/elements.h"
#include "core/media/gst_error.h"

namespace jetfleet {
namespace {

struct Kind {
  const char* element;
  /// Of the pictures, where the address does not say.
  const char* size;
  const char* fps;
};

const Kind& KindOf(const SourceUri& uri) {
  static const Kind v4l2 = {"v4l2src", "", ""};
  static const Kind csi = {"nvarguscamerasrc", ",width=(int)1920,height=(int)1080", "30"};
  static const Kind test = {"videotestsrc", ",width=(int)1280,height=(int)720", "30"};
  if (uri.kind == SourceKind::kV4l2) return v4l2;
  return uri.kind == SourceKind::kCsi ? csi : test;
}

std::string Setting(const SourceUri& uri, const std::string& name) {
  const auto found = uri.settings.find(name);
  return found == uri.settings.end() ? "" : found->second;
}

const CodecRow* CodecOfFormat(const std::string& format) {
  if (format.empty() || format == "raw") return &RawPictures();
  if (format == "mjpeg") return CodecByCaps("image/jpeg");
  if (format == "h264") return CodecByCaps("video/x-h264");
  return format == "h265" ? CodecByCaps("video/x-h265") : nullptr;
}

}  // namespace

const CodecRow& CodecOf(const SourceUri& uri) {
  const CodecRow* coded = CodecOfFormat(Setting(uri, "format"));
  switch (uri.kind) {
    case SourceKind::kCsi:
      return RawNvmmPictures();
    case SourceKind::kTest:
      return RawPictures();
    case SourceKind::kV4l2:
      return coded == nullptr ? RawPictures() : *coded;
    case SourceKind::kFile:
    case SourceKind::kRtsp:
      break;
  }
  return CodecTable().front();
}

Status DeviceHead::Check() { return RequireElement(KindOf(uri_).element); }

std::string DeviceHead::Caps() const {
  const Kind& kind = KindOf(uri_);
  const CodecRow& codec = CodecOf(uri_);
  std::string caps = codec.caps_name;
  if (uri_.kind == SourceKind::kCsi) caps = codec.parsed_caps;
  const std::string width = Setting(uri_, "width");
  const std::string height = Setting(uri_, "height");
  if (width.empty() && height.empty()) caps += kind.size;
  if (!width.empty()) caps += ",width=(int)" + width;
  if (!height.empty()) caps += ",height=(int)" + height;
  const std::string fps = Setting(uri_, "fps").empty() ? kind.fps : Setting(uri_, "fps");
  if (!fps.empty()) caps += ",framerate=(fraction)" + fps + "/1";
  return caps;
}

Status DeviceHead::Configure(GstElement* source) const {
  if (uri_.kind == SourceKind::kV4l2) {
    g_object_set(source, "device", uri_.location.c_str(), nullptr);
    return Status::Ok();
  }
  if (uri_.kind == SourceKind::kCsi) {
    SetIfPresent(source, "sensor-id", uri_.location);
    return Status::Ok();
  }
  g_object_set(source, "is-live", TRUE, nullptr);
  if (uri_.location.empty()) return Status::Ok();
  const GParamSpec* pattern = g_object_class_find_property(G_OBJECT_GET_CLASS(source), "pattern");
  auto* patterns = static_cast<GEnumClass*>(g_type_class_peek(pattern->value_type));
  if (g_enum_get_value_by_nick(patterns, uri_.location.c_str()) == nullptr) {
    return Status::Error(
        ErrorCode::kSourceUnsupported,
        "Expected a pattern of videotestsrc, such as test://smpte or test://ball, but got " +
            uri_.shown);
  }
  SetIfPresent(source, "pattern", uri_.location);
  return Status::Ok();
}

Status DeviceHead::Build(GstBin* bin, GstElement* parser) {
  const char* const element = KindOf(uri_).element;
  GstElement* source = nullptr;
  Status status = MakeElementIn(bin, element, &source);
  if (status.ok()) status = Configure(source);
  if (!status.ok()) return status;
  const GstPtr<GstCaps> caps(gst_caps_from_string(Caps().c_str()));
  if (gst_element_link_filtered(source, parser, caps.get()) == FALSE) {
    return Status::Error(ErrorCode::kInternal, std::string("Cannot link ") + element);
  }
  return Status::Ok();
}

Status DeviceHead::Explain(GstMessage* error) { return StatusOfErrorMessage(error, uri_); }

}  // namespace jetfleet
