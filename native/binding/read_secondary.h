#pragma once

#include <string>
#include <vector>

#include "binding/options.h"

namespace jetfleet {

/// `NativePipelineOptions.secondary` of a pipeline whose model has these labels; none where it is
/// absent.
std::vector<SecondaryStart> ReadSecondaries(OptionReader* reader,
                                            const std::vector<std::string>& labels);

}  // namespace jetfleet
