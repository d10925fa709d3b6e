// A street in front of a camera: any frame of it, and the truth about what is in that frame.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "traffic.h"

namespace jetfleet::scene {

/// What a perfect detector would say about one figure.
struct TrueObject {
  uint64_t id = 0;
  Label label = Label::kPerson;
  /// The figure's outline as if nothing stood before it, clipped to the picture; whole pixels.
  int left = 0, top = 0, width = 0, height = 0;
  /// Share of the figure's pixels that can be seen: neither hidden by another thing nor outside the
  /// picture.
  float visible = 0;
};

/// Three planes of 4:2:0 video, BT.709 limited range.
struct I420 {
  uint8_t* y;
  uint8_t* u;
  uint8_t* v;
  int y_stride, u_stride, v_stride;
};

/// A frame depends on seed, size, rate and frame number only; frames may be asked for in any order.
/// One scene serves one thread at a time.
class Scene {
 public:
  Scene(uint64_t seed, int width, int height, double fps);
  ~Scene();

  std::vector<TrueObject> Truth(uint64_t frame);
  /// Both also return the truth, which falls out of drawing.
  std::vector<TrueObject> RenderRgb(uint64_t frame, uint8_t* rgb);
  std::vector<TrueObject> RenderI420(uint64_t frame, const I420& out);

  int width() const;
  int height() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jetfleet::scene
