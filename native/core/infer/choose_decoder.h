#pragma once

#include <memory>
#include <string>

#include "core/infer/model_program.h"

namespace jetfleet {

/// Loads and warms a model whose decoder nobody named: the one that fits its inputs and outputs or,
/// of several, the one in whose words its answers to real pictures make sense. `reason` says which
/// it was. MODEL_INVALID names the candidates when none or several are left.
Status ChooseDecoder(ModelOptions options, std::shared_ptr<ModelProgram>* model,
                     ModelProgram::LoadTimes* times, std::string* reason);

}  // namespace jetfleet
