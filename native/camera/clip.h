#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace jetfleet::camera {

/// One coded picture of a file, in byte-stream format with parameter sets before key pictures.
struct CodedPicture {
  GstBuffer* data = nullptr;
  /// From the start of the file.
  GstClockTime pts = 0, dts = 0;
  /// Place in the order of display, from 0.
  guint64 number = 0;
};

/// An H.264 file held in memory, in decoding order.
class Clip {
 public:
  /// Throws std::runtime_error when the file has no H.264 video.
  explicit Clip(const std::string& path);
  ~Clip();
  Clip(const Clip&) = delete;
  Clip& operator=(const Clip&) = delete;

  const std::vector<CodedPicture>& pictures() const { return pictures_; }
  GstClockTime duration() const { return duration_; }
  GstCaps* caps() const { return caps_; }
  int width() const { return width_; }
  int height() const { return height_; }
  double fps() const;

 private:
  void Add(GstSample* sample);
  void Number();

  std::vector<CodedPicture> pictures_;
  GstClockTime duration_ = 0;
  GstCaps* caps_ = nullptr;
  int width_ = 0, height_ = 0;
};

}  // namespace jetfleet::camera
