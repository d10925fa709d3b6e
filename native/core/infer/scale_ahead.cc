#include "core/infer/scale_ahead.h"

#include <utility>

namespace jetfleet {

void ScaleAhead::Run(std::shared_ptr<ModelProgram> model, Frame* frame) {
  SurfaceView view;
  if (model->prepares() || !frame->surface->MapToHost(&view).ok()) return;
  const TimePoint start = Clock::now();
  const OutputDecoder& decoder = model->decoder();
  auto scaled = frames_.Take();
  scaled->placement = Placement::Of(decoder.preprocess(), view.shown, decoder.input());
  const Rect& target = scaled->placement.target;
  scaled->picture = scaled->scaler.Run(view, {target.width, target.height});
  scaled->work = Clock::now() - start;
  frame->scaled = std::move(scaled);
  frame->surface.reset();
  frame->model = std::move(model);
}

}  // namespace jetfleet
