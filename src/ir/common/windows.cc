#include "ir/common/windows.h"

#include <algorithm>
#include <cstddef>

#include "base/hash.h"

namespace jaxsmith::ir {

namespace {

constexpr std::size_t kWindow = 5;

}  // namespace

Windows windows_of(const std::vector<std::string>& operations) {
  Windows out;
  const std::size_t n = operations.size() > kWindow ? operations.size() - kWindow + 1 : 1;
  for (std::size_t i = 0; i < n; ++i) {
    std::string text;
    for (std::size_t k = i; k < std::min(operations.size(), i + kWindow); ++k)
      text += operations[k] + " ";
    out.push_back(hash64(text));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

double jaccard(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  std::size_t both = 0;
  for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    if (a[i] == b[k]) ++both;
    const bool first = a[i] <= b[k], second = b[k] <= a[i];
    i += first;
    k += second;
  }
  const std::size_t all = a.size() + b.size() - both;
  return all == 0 ? 1 : static_cast<double>(both) / static_cast<double>(all);
}

}  // namespace jaxsmith::ir
