#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace jetfleet {

/// MODEL_INVALID where one of `wanted` is none of a model's `labels`: what looks for it would find
/// nothing for ever. `who` says what that is, as in "zone yard counts".
Status CheckWanted(const std::vector<std::string>& wanted, const std::vector<std::string>& labels,
                   const std::string& who);

}  // namespace jetfleet
