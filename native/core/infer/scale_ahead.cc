#include "core/infer/scale_ahead.h"

#include <utility>

namespace jetfleet {

void ScaleAhead::Run(std::shared_ptr<ModelProgram> model, Frame* frame) {
  SurfaceView view;
  if (model->prepares() || !frame->surface->MapToHost(&view).ok()) return;
  const TimePoint start = Clock::now();
  const OutputDecoder& decoder = model->decoder();
  const Placement placement = Placement::Of(decoder.preprocess(), view.shown, decoder.input());
  const Size size{placement.target.width, placement.target.height};
  auto scaled = std::make_shared<ScaledFrame>(scaler_.Run(view, size), placement);
  scaled->work = Clock::now() - start;
  frame->scaled = std::move(scaled);
  frame->surface.reset();
  frame->model = std::move(model);
}

}  // namespace jetfleet
