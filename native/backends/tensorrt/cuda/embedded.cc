#include "backends/tensorrt/cuda/embedded.h"

namespace jetfleet::cuda {
namespace {

constexpr char kPrepare[] = {
#include "kernels/prepare.inc"
    , 0};
constexpr char kCandidates[] = {
#include "kernels/candidates.inc"
    , 0};

}  // namespace

KernelSource PrepareSource() { return {"prepare", static_cast<const char*>(kPrepare)}; }
KernelSource CandidatesSource() { return {"candidates", static_cast<const char*>(kCandidates)}; }

}  // namespace jetfleet::cuda
