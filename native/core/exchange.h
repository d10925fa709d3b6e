#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/infer/model_program.h"
#include "core/pipeline.h"

namespace jetfleet {

/// Brings a warm model, made for so many pictures in one run.
using ModelLoader = std::function<Status(
    std::int64_t pictures, std::shared_ptr<ModelProgram>* model, ModelProgram::LoadTimes* times)>;

/// A model that is to take over from the one at work in a pipeline, and what came of it.
struct Exchange {
  ModelLoader next;
  ModelProgram::LoadTimes times;
  /// None when no source plays: the next frame will be the new model's.
  std::optional<ModelChange> change;
};

/// Loads beside the model at work, and takes over between two frames. Fails as the loader and
/// `Pipeline::SwapModel` do; the former model then goes on. Slow.
Status ExchangeBeside(Pipeline* pipeline, Exchange* exchange);

/// For a board without room for two: the model at work goes first, and no frame is looked at until
/// the next is loaded. When that fails, `former` is loaded again and goes on; when that fails too,
/// the pipeline has failed, with both reasons.
Status ExchangeInTurn(Pipeline* pipeline, const ModelLoader& former, Exchange* exchange);

}  // namespace jetfleet
