// Learns how many operations an application of each entry becomes, and how many of these are
// hidden: what BroughtTable::parts says.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/planner.h"
#include "plan/visibility.h"

namespace jaxsmith::calibrate {

// What is known of a function: what its program applies, how many operations it has become, and
// what share of them is inert. Of a refused one the number is not known: 0.
struct Traced {
  std::vector<plan::Applied> applied;
  double operations = 0, inert = 0;
};

// What entries become, by their places in the catalogue; under kUsual what they do on the average.
inline constexpr std::size_t kUsual = static_cast<std::size_t>(-1);
using Parts = std::map<std::size_t, plan::Brings>;
Parts explain_parts(const std::vector<Traced>& functions, const plan::Catalogue& catalogue);

// The share of a function's operations that is expected to be inert.
double expected_inert(const Traced& function, const Parts& parts, const plan::Catalogue& catalogue);

// The shares of a dataset's functions, rows and those that were refused for it, by id.
Result<std::map<std::string, double>> inert_shares(std::span<const std::string> datasets);

// Lines of the table: what is expected of the functions, for its head, and what entries become.
std::string parts_text(const std::vector<Traced>& functions, const plan::Catalogue& catalogue);

}  // namespace jaxsmith::calibrate
