#include "backends/tensorrt/cuda/candidates.h"

#include "backends/tensorrt/cuda/embedded.h"

namespace jetfleet::cuda {
namespace {

constexpr unsigned kThreads = 128;

}  // namespace

bool FitsHead(const kernels::CandidateParameters& head) {
  if (head.head != kernels::kYolox || head.fields < 6 || head.most < 1) return false;
  int cells = 0;
  for (int stride = 8; stride <= 32; stride *= 2) {
    cells += (head.input_width / stride) * (head.input_height / stride);
  }
  return cells > 0 && cells == head.cells;
}

CandidateFilter::CandidateFilter(const Device& device, const KernelCache& kernels)
    : module_((device.MakeCurrent(),
               LoadModule(kernels.Get(CandidatesSource(), device.capability()).data()))),
      function_(FunctionOf(module_, "jetfleet_candidates")) {}

void CandidateFilter::Run(const kernels::CandidateParameters& parameters,
                          const Stream& stream) const {
  const Driver& driver = TheDriver();
  // The counts alone: each in front of its item's rows.
  driver.Check(driver.fill_words(reinterpret_cast<DeviceAddress>(parameters.candidates),
                                 Bytes(1, parameters.most), 0, 1,
                                 static_cast<std::size_t>(parameters.items), stream.get()),
               "clearing the counts of candidates");
  const unsigned blocks = (static_cast<unsigned>(parameters.cells) + kThreads - 1) / kThreads;
  Launch(function_, {blocks, static_cast<unsigned>(parameters.items), 1, kThreads, 1}, stream,
         parameters);
}

}  // namespace jetfleet::cuda
