#include "store/files.h"

#include <arrow/io/file.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowGroupRows = 1000;
constexpr int kCompressionLevel = 3;
constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kMostUnmeasured = std::size_t{256} << 20;  // of what says no size

Error cannot(std::string_view what, const std::string& path, std::string why) {
  while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) why.pop_back();
  return Error::environment(fmt::format("cannot {} {}: {}", what, path, why));
}

Error failed(std::string_view what, const std::string& path, const arrow::Status& status) {
  // The system's own word ("[errno 28] No space left on device") says more than Arrow's.
  const std::string why = status.detail() ? status.detail()->ToString() : status.message();
  return cannot(what, path, why.substr(0, why.find('\n')));
}

Status sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool ok = fd >= 0 && ::fsync(fd) == 0;
  const std::string why = strerror(errno);
  if (fd >= 0) ::close(fd);
  if (!ok) return cannot("write", path, why);
  return {};
}

// A name of this process alone: what a user or another run has beside the file stays.
std::string temporary_of(const std::string& path) {
  return fmt::format("{}.tmp{}", path, getpid());
}

// The file that a symbolic link stands for: the link stays.
std::string behind_links(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(path, error))) return path;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

// Has `fill` write a file beside the final one; gives it the name only when all of it is on the
// disk.
Status atomically(const std::string& name, const std::function<Status(const std::string&)>& fill) {
  if (is_special(name)) return fill(name);
  const std::string path = behind_links(name), temporary = temporary_of(path);
  std::error_code ignored;
  Status status = fill(temporary);
  if (status.ok()) status = sync(temporary, O_RDONLY);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
    status = cannot("write", path, strerror(errno));
  if (!status.ok()) {
    fs::remove(temporary, ignored);
    return status;
  }
  return sync_directory(fs::path(path).parent_path().string());
}

std::shared_ptr<parquet::WriterProperties> properties(std::span<const Column> columns) {
  parquet::WriterProperties::Builder b;
  b.compression(parquet::Compression::ZSTD)->compression_level(kCompressionLevel);
  b.disable_dictionary()->disable_statistics()->max_row_group_length(kRowGroupRows);
  for (const Column& c : columns) {
    if (!c.dictionary) continue;
    b.enable_dictionary(c.name)->enable_statistics(c.name);
    b.enable_dictionary(c.name + ".list.element");
  }
  return b.build();
}

}  // namespace

bool is_special(const std::string& path) {
  std::error_code error;
  return fs::is_other(fs::status(path, error));
}

Status sync_directory(const std::string& path) {
  return sync(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
}

Status make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return cannot("make the folder", path, error.message());
  return {};
}

Status write_file(const std::string& path, std::string_view content) {
  return atomically(path, [&](const std::string& temporary) -> Status {
    std::ofstream out(temporary, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) return cannot("write", path, strerror(errno));
    return {};
  });
}

Status check_writable(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return Error::usage(fmt::format("{}: it is a folder; name a file", path));
  if (is_special(path)) return {};
  const std::string temporary = temporary_of(behind_links(path));
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return cannot("write", path, strerror(errno));
  ::close(fd);
  fs::remove(temporary, error);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  const bool has_size = fs::is_regular_file(path, ignored);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content;
  std::vector<char> piece(kPiece);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    content.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (!has_size && content.size() > kMostUnmeasured)
      return cannot(
          "read", path,
          fmt::format("it is no regular file and has more than {} bytes", kMostUnmeasured));
  }
  if (!in.eof() || in.bad()) return cannot("read", path, strerror(errno));
  return content;
}

bool stays_within(std::string_view name) {
  const fs::path path(name);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  return !name.empty() && path.is_relative() && std::none_of(name.begin(), name.end(), control) &&
         std::none_of(path.begin(), path.end(), [](const fs::path& part) {
           return part.empty() || part == "." || part == "..";
         });
}

void to_json(nlohmann::ordered_json& json, const FileEntry& entry) {
  json = {{"path", entry.path}, {"bytes", entry.bytes}, {"xxh3_128", entry.xxh3_128}};
}

Result<FileEntry> file_entry(const std::string& folder, const std::string& name) {
  JAXSMITH_TRY(content, read_file(folder + "/" + name));
  return FileEntry{name, content.size(), hash128_hex(content)};
}

Status write_parquet(const std::string& path, const arrow::Table& table,
                     std::span<const Column> columns) {
  return atomically(path, [&](const std::string& temporary) -> Status {
    auto file = arrow::io::FileOutputStream::Open(temporary);
    if (!file.ok()) return failed("write", path, file.status());
    auto writer = parquet::arrow::FileWriter::Open(*table.schema(), arrow::default_memory_pool(),
                                                   *file, properties(columns));
    arrow::Status status = writer.status();
    for (std::int64_t at = 0; status.ok() && at < table.num_rows(); at += kRowGroupRows) {
      // Chunks of a column end pages; one chunk a row group makes the bytes a function of the rows.
      auto group = table.Slice(at, kRowGroupRows)->CombineChunks();
      status = group.status();
      if (status.ok()) status = (*writer)->WriteTable(**group, kRowGroupRows);
    }
    if (status.ok()) status = (*writer)->Close();
    if (status.ok()) status = (*file)->Close();
    if (!status.ok()) return failed("write", path, status);
    return {};
  });
}

bool is_parquet(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string head(kParquetBeginning.size(), '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return file && head == kParquetBeginning;
}

Result<std::shared_ptr<arrow::Schema>> parquet_schema(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return failed("read", path, file.status());
  auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  if (!reader.ok()) return failed("read", path, reader.status());
  std::shared_ptr<arrow::Schema> schema;
  const arrow::Status status = (*reader)->GetSchema(&schema);
  if (!status.ok()) return failed("read", path, status);
  return schema;
}

Result<std::shared_ptr<arrow::Table>> read_parquet(const std::string& path,
                                                   const std::vector<std::string>& columns) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return failed("read", path, file.status());
  auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  if (!reader.ok()) return failed("read", path, reader.status());
  if (columns.empty()) {
    auto table = (*reader)->ReadTable();
    if (!table.ok()) return failed("read", path, table.status());
    return *table;
  }
  // Of flat columns only: a leaf's number counts nested fields before it.
  std::vector<int> leaves;
  const auto* parquet_schema = (*reader)->parquet_reader()->metadata()->schema();
  for (const std::string& name : columns) {
    leaves.push_back(parquet_schema->ColumnIndex(name));
    if (leaves.back() < 0)
      return cannot("read", path, fmt::format("its column {} holds no single values", name));
  }
  auto table = (*reader)->ReadTable(leaves);
  if (!table.ok()) return failed("read", path, table.status());
  return *table;
}

template <class Numbers>
Result<std::vector<std::optional<typename Numbers::c_type>>> numbers_or_null(
    const arrow::Table& table, const std::string& column) {
  const auto chunks = table.GetColumnByName(column);
  if (!chunks || chunks->type()->id() != Numbers::type_id)
    return Error::internal(fmt::format("a table has no numbers {}", column));
  std::vector<std::optional<typename Numbers::c_type>> out;
  for (const auto& chunk : chunks->chunks()) {
    const auto& numbers = static_cast<const arrow::NumericArray<Numbers>&>(*chunk);
    for (std::int64_t i = 0; i < numbers.length(); ++i)
      out.push_back(numbers.IsNull(i) ? std::nullopt : std::optional(numbers.Value(i)));
  }
  return out;
}

template Result<std::vector<std::optional<double>>> numbers_or_null<arrow::DoubleType>(
    const arrow::Table&, const std::string&);
template Result<std::vector<std::optional<std::int64_t>>> numbers_or_null<arrow::Int64Type>(
    const arrow::Table&, const std::string&);

}  // namespace jaxsmith::store
