// Files that are there whole or not at all.
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/schema.h"

namespace jaxsmith::store {

// Writes beside the final name, syncs, renames: after a kill or on a full disk nothing half-written
// has the name. A device or a pipe is written to as it is.
Status write_file(const std::string& path, std::string_view content);
// Whether it is a device or a pipe, which is written to and not replaced.
bool is_special(const std::string& path);
// Whether write_file will get that far: for whoever has work to do before it.
Status check_writable(const std::string& path);
// All of it. A device or a pipe may have no end: of more than 256 MiB of one that is an error.
Result<std::string> read_file(const std::string& path);
// Whether a name of a file, as a folder's own lists give it, is one below that folder by its words:
// relative, no part of it "." or "..", and one line. (Links in the folder may still lead
// elsewhere.)
bool stays_within(std::string_view name);
// As a manifest lists a file of a dataset.
struct FileEntry {
  std::string path;  // within the folder
  std::uint64_t bytes = 0;
  std::string xxh3_128;
};
void to_json(nlohmann::ordered_json& json, const FileEntry& entry);
Result<FileEntry> file_entry(const std::string& folder, const std::string& name);

// One table as Parquet, in row groups of a fixed number of rows. The bytes depend on the rows only.
Status write_parquet(const std::string& path, const arrow::Table& table,
                     std::span<const Column> columns);
// What such a file begins with. Whether a file does; what is no regular file, as a pipe, which can
// be read only once, is not looked into.
inline constexpr std::string_view kParquetBeginning = "PAR1";
bool is_parquet(const std::string& path);
Result<std::shared_ptr<arrow::Schema>> parquet_schema(const std::string& path);
// The named columns of a file; all where none is named.
Result<std::shared_ptr<arrow::Table>> read_parquet(const std::string& path,
                                                   const std::vector<std::string>& columns = {});

// A column of numbers, of one value a row; of arrow::DoubleType or arrow::Int64Type.
template <class Numbers>
Result<std::vector<std::optional<typename Numbers::c_type>>> numbers_or_null(
    const arrow::Table& table, const std::string& column);

Status make_directories(const std::string& path);
Status sync_directory(const std::string& path);

}  // namespace jaxsmith::store
