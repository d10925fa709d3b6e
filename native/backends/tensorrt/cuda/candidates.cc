#include "backends/tensorrt/cuda/candidates.h"

#include "backends/tensorrt/cuda/embedded.h"

namespace jetfleet::cuda {
namespace {

constexpr unsigned kThreads = 128;

}  // namespace

CandidateFilter::CandidateFilter(const Device& device, const KernelCache& kernels)
    : module_((device.MakeCurrent(),
               LoadModule(kernels.Get(CandidatesSource(), device.capability()).data()))),
      function_(FunctionOf(module_, "jetfleet_candidates")) {}

void CandidateFilter::Run(const kernels::CandidateParameters& parameters,
                          const Stream& stream) const {
  const Driver& driver = TheDriver();
  driver.Check(driver.fill_bytes(reinterpret_cast<DeviceAddress>(parameters.candidates), 0,
                                 Bytes(parameters.items, parameters.most), stream.get()),
               "clearing candidates");
  const unsigned blocks = (static_cast<unsigned>(parameters.cells) + kThreads - 1) / kThreads;
  Launch(function_, {blocks, static_cast<unsigned>(parameters.items), 1, kThreads, 1}, stream,
         parameters);
}

}  // namespace jetfleet::cuda
