#include "core/detect/preprocess.h"

#include <libyuv/convert_argb.h>
#include <libyuv/scale.h>
#include <libyuv/scale_uv.h>

#include <algorithm>

#include "core/detect/resize_rgb.h"

namespace jetfleet {
namespace {

constexpr float kPad = 114;

const libyuv::YuvConstants* ConstantsOf(Color color) {
  const bool full = color.range == ColorRange::kFull;
  switch (color.matrix) {
    case ColorMatrix::kBt709:
      return full ? &libyuv::kYuvF709Constants : &libyuv::kYuvH709Constants;
    case ColorMatrix::kBt2020:
      return full ? &libyuv::kYuvV2020Constants : &libyuv::kYuv2020Constants;
    case ColorMatrix::kBt601:
      break;
  }
  return full ? &libyuv::kYuvJPEGConstants : &libyuv::kYuvI601Constants;
}

/// Where the planes of a tightly packed picture lie: Y, then U and V (I420) or UV (NV12).
struct PackedPlanes {
  int chroma_width;
  int chroma_height;
  std::size_t u;
  std::size_t v;
  std::size_t size;

  explicit PackedPlanes(Size picture)
      : chroma_width((picture.width + 1) / 2),
        chroma_height((picture.height + 1) / 2),
        u(static_cast<std::size_t>(picture.width) * picture.height),
        v(u + static_cast<std::size_t>(chroma_width) * chroma_height),
        size(v + static_cast<std::size_t>(chroma_width) * chroma_height) {}
};

}  // namespace

Letterbox Preprocessor::Run(const SurfaceView& picture, Tensor* tensor) {
  const Letterbox letterbox = Letterbox::Fit(picture.size, input_);
  Prepare(letterbox, tensor);
  ScaleYuv(picture, letterbox.scaled);

  const Size scaled = letterbox.scaled;
  const PackedPlanes planes(scaled);
  const auto* constants = ConstantsOf(picture.color);
  bgr_.resize(static_cast<std::size_t>(scaled.width) * scaled.height * 3);
  // libyuv's "RGB24" is B, G, R in memory.
  if (picture.format == PixelFormat::kI420) {
    libyuv::I420ToRGB24Matrix(yuv_.data(), scaled.width, &yuv_[planes.u], planes.chroma_width,
                              &yuv_[planes.v], planes.chroma_width, bgr_.data(), scaled.width * 3,
                              constants, scaled.width, scaled.height);
  } else {
    libyuv::NV12ToRGB24Matrix(yuv_.data(), scaled.width, &yuv_[planes.u], planes.chroma_width * 2,
                              bgr_.data(), scaled.width * 3, constants, scaled.width,
                              scaled.height);
  }
  Spread(letterbox, tensor);
  return letterbox;
}

Letterbox Preprocessor::RunRgb(const std::uint8_t* rgb, Size size, Tensor* tensor) {
  const Letterbox letterbox = Letterbox::Fit(size, input_);
  Prepare(letterbox, tensor);
  bgr_.resize(static_cast<std::size_t>(letterbox.scaled.width) * letterbox.scaled.height * 3);
  ResizeRgbToBgr(rgb, size, bgr_.data(), letterbox.scaled);
  Spread(letterbox, tensor);
  return letterbox;
}

void Preprocessor::Prepare(const Letterbox& letterbox, Tensor* tensor) const {
  const std::size_t plane = static_cast<std::size_t>(input_.width) * input_.height;
  tensor->resize(plane * 3);
  const Size scaled = letterbox.scaled;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    float* base = tensor->data() + channel * plane;
    if (scaled.width < input_.width) {
      for (int y = 0; y < scaled.height; ++y) {
        float* row = base + static_cast<std::size_t>(y) * input_.width;
        std::fill(row + scaled.width, row + input_.width, kPad);
      }
    }
    std::fill(base + static_cast<std::size_t>(scaled.height) * input_.width, base + plane, kPad);
  }
}

void Preprocessor::ScaleYuv(const SurfaceView& picture, Size scaled) {
  const PackedPlanes to(scaled);
  yuv_.resize(to.size);
  const auto& planes = picture.planes;
  const auto& strides = picture.strides;
  constexpr auto kFilter = libyuv::kFilterBilinear;
  if (picture.format == PixelFormat::kI420) {
    libyuv::I420Scale(planes[0], strides[0], planes[1], strides[1], planes[2], strides[2],
                      picture.size.width, picture.size.height, yuv_.data(), scaled.width,
                      &yuv_[to.u], to.chroma_width, &yuv_[to.v], to.chroma_width, scaled.width,
                      scaled.height, kFilter);
  } else {
    libyuv::NV12Scale(planes[0], strides[0], planes[1], strides[1], picture.size.width,
                      picture.size.height, yuv_.data(), scaled.width, &yuv_[to.u],
                      to.chroma_width * 2, scaled.width, scaled.height, kFilter);
  }
}

void Preprocessor::Spread(const Letterbox& letterbox, Tensor* tensor) const {
  const std::size_t plane = static_cast<std::size_t>(input_.width) * input_.height;
  const Size scaled = letterbox.scaled;
  for (int y = 0; y < scaled.height; ++y) {
    const std::uint8_t* from = bgr_.data() + static_cast<std::size_t>(y) * scaled.width * 3;
    float* blue = tensor->data() + static_cast<std::size_t>(y) * input_.width;
    float* green = blue + plane;
    float* red = green + plane;
    for (int x = 0; x < scaled.width; ++x, from += 3) {
      blue[x] = from[0];
      green[x] = from[1];
      red[x] = from[2];
    }
  }
}

}  // namespace jetfleet
