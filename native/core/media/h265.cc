#include "core/media/h265.h"

#include "core/media/nal.h"

namespace jetfleet {
namespace {

// Table 7-1.
constexpr int kLastSubLayer = 15;
constexpr int kFirstRandomAccess = 16;
constexpr int kLastRandomAccess = 23;
constexpr int kLastSlice = 31;
/// Parameter sets, delimiters, ends, filler, messages.
constexpr int kFirstBeside = 32;
constexpr int kLastSet = 34;
constexpr int kLastBeside = 40;

class H265Reader final : public PictureReader {
 public:
  CodedPicture Read(const std::uint8_t* data, std::size_t size, bool) override {
    CodedPicture picture;
    bool others = false;
    ForEachNal(data, size, [&](const std::uint8_t* nal, std::size_t bytes) {
      if (bytes < 2) return true;
      const int type = nal[0] >> 1 & 0x3f;
      if (type >= kFirstBeside && type <= kLastSet) picture.beside_pictures = true;
      if (type < kFirstBeside || type > kLastBeside) others = true;
      if (type == kH265Sps) {
        const auto parsed = ParseH265Sps(nal, bytes);
        if (parsed) sps_ = parsed;
      }
      if (type > kLastSlice) return true;
      picture.has_slice = true;
      picture.key = type >= kFirstRandomAccess && type <= kLastRandomAccess;
      // Of even types none of the same layer is made; layers above may be.
      const int layer = (nal[1] & 7) - 1;
      picture.disposable =
          type <= kLastSubLayer && type % 2 == 0 && sps_ && layer >= sps_->top_layer;
      // All slices of a picture have one type (7.4.2.2).
      return false;
    });
    if (others) picture.beside_pictures = false;
    return picture;
  }
  VideoSignal signal() const override { return sps_ ? VideoSignal(*sps_) : VideoSignal(); }

 private:
  std::optional<H265Sps> sps_;
};

}  // namespace

std::unique_ptr<PictureReader> ReadH265() { return std::make_unique<H265Reader>(); }

}  // namespace jetfleet
