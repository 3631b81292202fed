// What datasets cover: how often each function of JAX, operation, type, form is met in their rows.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/status.h"
#include "levels/levels.h"
#include "stats/api.h"

namespace jaxsmith::stats {

struct Met {
  std::int64_t times = 0, rows = 0;
};
using Uses = std::map<std::string, Met>;

struct Coverage {
  std::int64_t rows = 0, unread = 0;  // unread: rows that are damaged, or whose jaxpr is
  Uses names;                         // full names that sources use: once a row
  Uses methods;                       // called on values
  std::map<level::Level, Uses> operations;
  Uses dtypes, ranks;  // of what the jaxprs' operations give
  Uses transformations, nesting;
};

Result<Coverage> coverage_of(std::span<const std::string> datasets, unsigned workers);

// For people: what was met fewer than `few` times is named, and what JAX has and no row uses.
std::string coverage_table(const Coverage& coverage, const PublicApi& api, std::int64_t few);
// All of it.
std::string coverage_json(const Coverage& coverage, const PublicApi& api, std::int64_t few);

}  // namespace jaxsmith::stats
