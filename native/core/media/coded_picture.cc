#include "core/media/coded_picture.h"

namespace jetfleet {
namespace {

class Flagged final : public PictureReader {
 public:
  CodedPicture Read(const std::uint8_t*, std::size_t, bool delta) override {
    CodedPicture picture;
    picture.has_slice = true;
    picture.key = !delta;
    return picture;
  }
};

/// Any of them can be left out, and decoding can begin with any.
class Independent final : public PictureReader {
 public:
  explicit Independent(const VideoSignal& signal) : signal_(signal) {}

  CodedPicture Read(const std::uint8_t*, std::size_t, bool) override {
    CodedPicture picture;
    picture.has_slice = picture.key = picture.disposable = true;
    return picture;
  }
  VideoSignal signal() const override { return signal_; }

 private:
  const VideoSignal signal_;
};

}  // namespace

std::unique_ptr<PictureReader> ReadFlagged() { return std::make_unique<Flagged>(); }

std::unique_ptr<PictureReader> ReadJpeg() {
  VideoSignal jfif;
  jfif.matrix = ColorMatrix::kBt601;
  jfif.range = ColorRange::kFull;
  return std::make_unique<Independent>(jfif);
}

std::unique_ptr<PictureReader> ReadRaw() { return std::make_unique<Independent>(VideoSignal()); }

}  // namespace jetfleet
