// What stands in one cell of an Arrow array, whichever of the types that hold such a thing it has:
// strings and binary values of every width and encoding, lists of every kind, all integers,
// dictionaries and extensions of these.
//
//   JAXSMITH_TRY(id, text_cell({*column, 3}));     // nothing where it is null
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"

namespace jaxsmith::store {

struct Cell {
  const arrow::Array& array;
  std::int64_t at = 0;
};

// Errors: the type holds something else.
Result<std::optional<std::string>> bytes_cell(const Cell& cell);
// As bytes_cell; an error where it is no UTF-8.
Result<std::optional<std::string>> text_cell(const Cell& cell);
Result<std::optional<std::int64_t>> integer_cell(const Cell& cell);
Result<std::optional<bool>> bool_cell(const Cell& cell);
// The items of a list.
Result<std::optional<std::shared_ptr<arrow::Array>>> list_cell(const Cell& cell);

}  // namespace jaxsmith::store
