#include "backends/tensorrt/build_events.h"

#include <algorithm>

#include "backends/tensorrt/cuda/failure.h"

namespace jetfleet::tensorrt {

void BuildListener::Progress(double share, const std::string& step) {
  share_ = std::clamp(share, share_, 1.0);
  if (events_.progress != nullptr) events_.progress(events_.user, share_, step.c_str());
}

void BuildListener::Layer(const std::string& name, const std::string& type,
                          const std::string& accelerator, const std::string& reason) {
  if (events_.layer == nullptr) return;
  JfLayer layer = Sized<JfLayer>();
  layer.name = name.c_str();
  layer.type = type.c_str();
  layer.accelerator = accelerator.c_str();
  if (!reason.empty()) layer.reason = reason.c_str();
  events_.layer(events_.user, &layer);
}

void BuildListener::Problem(JfSeverity severity, const std::string& node, const std::string& op,
                            const std::string& message) {
  if (events_.problem == nullptr) return;
  JfProblem problem = Sized<JfProblem>();
  problem.severity = severity;
  problem.node = node.c_str();
  problem.op = op.c_str();
  problem.message = message.c_str();
  events_.problem(events_.user, &problem);
}

bool BuildListener::Cancelled() {
  if (!cancelled_ && events_.cancelled != nullptr && events_.cancelled(events_.user) != 0) {
    cancelled_ = true;
  }
  return cancelled_;
}

void BuildListener::ThrowIfCancelled() {
  if (Cancelled()) throw Failure(JF_CANCELLED, "The build was cancelled");
}

}  // namespace jetfleet::tensorrt
