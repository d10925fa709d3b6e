#include "core/infer/scale_ahead.h"

#include <utility>

namespace jetfleet {

void ScaleAhead::Run(std::shared_ptr<ModelProgram> model, Frame* frame) {
  SurfaceView view;
  if (model->prepares() || !frame->surface->MapToHost(&view).ok()) return;
  const TimePoint start = Clock::now();
  const OutputDecoder& decoder = model->decoder();
  auto scaled = Take();
  scaled->placement = Placement::Of(decoder.preprocess(), view.shown, decoder.input());
  const Rect& target = scaled->placement.target;
  scaled->picture = scaled->scaler.Run(view, {target.width, target.height});
  scaled->work = Clock::now() - start;
  frame->scaled = std::move(scaled);
  frame->surface.reset();
  frame->model = std::move(model);
}

std::shared_ptr<ScaledFrame> ScaleAhead::Take() {
  std::unique_ptr<ScaledFrame> frame;
  {
    const std::lock_guard<std::mutex> lock(shelf_->mutex);
    if (!shelf_->free.empty()) {
      frame = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
  }
  if (frame == nullptr) frame = std::make_unique<ScaledFrame>();
  ScaledFrame* const lent = frame.get();
  return {lent, [shelf = shelf_, owner = std::move(frame)](ScaledFrame*) mutable {
            const std::lock_guard<std::mutex> lock(shelf->mutex);
            shelf->free.push_back(std::move(owner));
          }};
}

}  // namespace jetfleet
