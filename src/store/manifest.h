// What manifest.json says of a dataset's rows and files, whichever command has made it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "store/card.h"

namespace jaxsmith::store {

// complete, rows, and by split, category and reason of refusal how many.
nlohmann::ordered_json manifest_of(const CardFigures& figures);

// Path, size and digest of rejects.parquet and of each file in `out`/data, by name; adds their
// bytes to `bytes`.
Result<nlohmann::ordered_json> file_entries(const std::string& out, std::uint64_t& bytes);

// Last of all a dataset's files.
Status write_manifest(const std::string& out, const nlohmann::ordered_json& manifest);

}  // namespace jaxsmith::store
