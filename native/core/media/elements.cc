#include "core/media/elements.h"

#include <algorithm>
#include <vector>

#include "core/media/gst_ptr.h"

namespace jetfleet {
namespace {

struct Package {
  const char* name;
  std::vector<const char*> elements;
};

/// As Debian 10 to 12 and Ubuntu 18.04 to 22.04 have them.
const std::vector<Package>& Packages() {
  static const std::vector<Package> packages = {
      {"libgstreamer1.0-0", {"identity", "capsfilter", "queue", "filesrc", "fakesink"}},
      {"gstreamer1.0-plugins-base", {"parsebin", "videoconvert", "videotestsrc", "oggdemux"}},
      {"gstreamer1.0-plugins-good",
       {"rtspsrc", "rtpbin", "udpsrc", "rtph264depay", "rtph265depay", "rtpvp9depay",
        "rtpjpegdepay", "v4l2src", "qtdemux", "matroskademux", "avidemux", "flvdemux",
        "multipartdemux"}},
      {"gstreamer1.0-plugins-bad",
       {"h264parse", "h265parse", "vp9parse", "av1parse", "jpegparse", "tsdemux", "mpegpsdemux",
        "mxfdemux", "ivfparse"}},
      {"gstreamer1.0-plugins-ugly", {"asfdemux", "rmdemux"}},
      {"nvidia-l4t-gstreamer", {"nvarguscamerasrc", "nvvidconv", "nvv4l2decoder"}},
  };
  return packages;
}

struct Container {
  const char* caps;
  const char* demuxer;
};

constexpr Container kContainers[] = {
    {"video/quicktime", "qtdemux"},
    {"application/x-3gp", "qtdemux"},
    {"video/mj2", "qtdemux"},
    {"audio/x-m4a", "qtdemux"},
    {"video/x-matroska", "matroskademux"},
    {"video/webm", "matroskademux"},
    {"video/x-msvideo", "avidemux"},
    {"video/x-flv", "flvdemux"},
    {"multipart/x-mixed-replace", "multipartdemux"},
    {"video/mpegts", "tsdemux"},
    {"video/mpeg,systemstream=(boolean)true", "mpegpsdemux"},
    {"application/mxf", "mxfdemux"},
    {"video/x-ivf", "ivfparse"},
    {"application/ogg", "oggdemux"},
    {"video/x-ms-asf", "asfdemux"},
    {"application/vnd.rn-realmedia", "rmdemux"},
};

}  // namespace

std::string PackageOf(const std::string& element) {
  for (const Package& package : Packages()) {
    const auto& elements = package.elements;
    if (std::find(elements.begin(), elements.end(), element) != elements.end()) return package.name;
  }
  return "";
}

std::string DemuxerOf(const GstCaps* caps) {
  if (caps == nullptr || gst_caps_is_any(caps) != FALSE) return "";
  for (const Container& container : kContainers) {
    const GstPtr<GstCaps> known(gst_caps_from_string(container.caps));
    if (gst_caps_is_subset(caps, known.get()) != FALSE && gst_caps_is_empty(caps) == FALSE) {
      return container.demuxer;
    }
  }
  return "";
}

Status MissingElement(const std::string& element) {
  const std::string package = PackageOf(element);
  return Status::Error(ErrorCode::kNativeLoad,
                       "Expected the GStreamer element " + element + " but it is not installed" +
                           (package.empty() ? "" : "; the package " + package + " brings it"));
}

Status RequireElement(const std::string& element) {
  const GstPtr<GstElementFactory> factory(gst_element_factory_find(element.c_str()));
  return factory == nullptr ? MissingElement(element) : Status::Ok();
}

Status MakeElement(const std::string& element, GstElement** made) {
  *made = gst_element_factory_make(element.c_str(), nullptr);
  return *made == nullptr ? MissingElement(element) : Status::Ok();
}

Status MakeElementIn(GstBin* bin, const std::string& element, GstElement** made) {
  const Status status = MakeElement(element, made);
  if (status.ok()) gst_bin_add(bin, *made);
  return status;
}

}  // namespace jetfleet
