#pragma once

#include <string>

#include "core/status.h"

namespace jetfleet {

/// What is wrong with the address of a source, as far as it can be judged without opening it; Ok
/// when it can be tried. SOURCE_UNSUPPORTED else.
///
/// The rules are those of fleet/spec/source-address.ts, and one table of cases holds both
/// (test/fleet/spec/source-address-cases.json). Plain paths of files are taken beside them.
Status CheckAddress(const std::string& uri);

}  // namespace jetfleet
