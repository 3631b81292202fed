// The README.md of a dataset that was split: which rows each split has, and what of them training
// has seen.
#pragma once

#include <map>
#include <string>

#include "check/sample.h"
#include "split/assign.h"
#include "split/leakage.h"
#include "store/card.h"

namespace jaxsmith::split {

std::string split_card(const SplitOptions& options, const Assignment& assignment,
                       const std::map<check::Split, Leakage>& leakage,
                       const store::CardFigures& figures);

}  // namespace jaxsmith::split
