#include "backends/onnxruntime/ort_context.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace jetfleet {
namespace {

/// More than the tensors of all runs under way together.
constexpr std::size_t kMostBound = 64;

bool Same(const JfTensor& a, const JfTensor& b) {
  return a.data == b.data && a.type == b.type && a.rank == b.rank &&
         std::equal(a.dims, a.dims + a.rank, b.dims);
}

}  // namespace

OrtValue* OrtContext::Bind(const JfTensor& tensor) {
  const auto found = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& candidate) {
    return Same(candidate.tensor, tensor);
  });
  if (found != bound_.end()) {
    bound_.splice(bound_.begin(), bound_, found);
    return bound_.front().value;
  }
  const OrtMemoryInfo* memory = memory_;
  Ort::Value value = Ort::Value::CreateTensor(
      memory, tensor.data, static_cast<std::size_t>(tensor.bytes), tensor.dims,
      static_cast<std::size_t>(tensor.rank), OrtTypeOf(tensor.type));
  bound_.push_front({tensor, std::move(value)});
  if (bound_.size() > kMostBound && waiting_.empty()) bound_.pop_back();
  return bound_.front().value;
}

std::uint64_t OrtContext::Submit(const std::vector<JfTensor>& inputs,
                                 const std::vector<JfTensor>& outputs) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Run run;
  if (!spare_.empty()) {
    run = std::move(spare_.back());
    spare_.pop_back();
  }
  run.inputs.clear();
  run.outputs.clear();
  for (const JfTensor& tensor : inputs) run.inputs.push_back(Bind(tensor));
  for (const JfTensor& tensor : outputs) run.outputs.push_back(Bind(tensor));
  run.ticket = next_ticket_++;
  waiting_.push_back(std::move(run));
  return waiting_.back().ticket;
}

bool OrtContext::Wait(std::uint64_t ticket) {
  Run run;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.empty() || waiting_.front().ticket != ticket) return false;
    run = std::move(waiting_.front());
    waiting_.pop_front();
  }
  Ort::ThrowOnError(Ort::GetApi().Run(
      program_->session(), run_options_, program_->input_names().data(), run.inputs.data(),
      run.inputs.size(), program_->output_names().data(), run.outputs.size(), run.outputs.data()));
  const std::lock_guard<std::mutex> lock(mutex_);
  spare_.push_back(std::move(run));
  return true;
}

}  // namespace jetfleet
