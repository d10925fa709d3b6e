#include "core/exchange.h"

#include <utility>

namespace jetfleet {
namespace {

/// The backlog of an exchange is worked off after it.
constexpr std::chrono::seconds kCatchUp{2};

Status LoadAndSwap(Pipeline* pipeline, Exchange* exchange) {
  std::shared_ptr<ModelProgram> model;
  const auto pictures = static_cast<std::int64_t>(pipeline->slots());
  const Status status = exchange->next(pictures, &model, &exchange->times);
  return status.ok() ? pipeline->SwapModel(std::move(model), &exchange->change) : status;
}

}  // namespace

Status ExchangeBeside(Pipeline* pipeline, Exchange* exchange) {
  pipeline->Stretch(TimePoint::max());
  Status status = LoadAndSwap(pipeline, exchange);
  pipeline->Stretch(Clock::now() + kCatchUp);
  return status;
}

Status ExchangeInTurn(Pipeline* pipeline, const ModelLoader& former, Exchange* exchange) {
  Status status = pipeline->ReleaseModel();
  if (!status.ok()) return status;
  status = LoadAndSwap(pipeline, exchange);
  if (status.ok() || status.code == ErrorCode::kCancelled) return status;
  Exchange back{former, {}, {}};
  const Status returned = LoadAndSwap(pipeline, &back);
  if (returned.ok() || returned.code == ErrorCode::kCancelled) return status;
  pipeline->Fail(Status::Error(
      returned.code,
      returned.message + " while loading the former model again, after: " + status.message));
  return status;
}

}  // namespace jetfleet
