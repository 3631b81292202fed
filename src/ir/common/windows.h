// Functions by the windows of five operations that they have: how near two of them are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace jaxsmith::ir {

// Digests of windows, sorted, each once.
using Windows = std::vector<std::uint64_t>;

// The windows of a function's operations, in their order (Flow); of fewer than five operations one.
Windows windows_of(const std::vector<std::string>& operations);

// Jaccard's index: how many of all windows of two functions both have, 0 to 1; of two that have
// none 1.
double jaccard(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

}  // namespace jaxsmith::ir
