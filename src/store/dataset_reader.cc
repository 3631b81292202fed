#include "store/dataset_reader.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <filesystem>

namespace jaxsmith {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLevels[] = {"jaxpr", "stablehlo", "hlo", "hlo_optimized"};

Error broken(const std::string& path, const std::string& why) {
  return Error::environment(fmt::format("{}: {}; it is no file of a dataset", path, why));
}

std::vector<std::string> columns() {
  std::vector<std::string> out = {"id",     "origin",        "category",  "constants",
                                  "inputs", "outputs",       "equations", "devices",
                                  "x64",    "kept_arguments"};
  out.insert(out.end(), std::begin(kLevels), std::end(kLevels));
  return out;
}

Result<std::unique_ptr<parquet::arrow::FileReader>> open_file(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return Error::environment(fmt::format("{}: it cannot be read", path));
  auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  if (!reader.ok()) return broken(path, "it is not Parquet");
  return std::move(*reader);
}

// The leaves that belong to the columns wanted; an error where one is missing.
Result<std::vector<int>> leaves(const parquet::arrow::FileReader& reader, const std::string& path) {
  const auto* schema = reader.parquet_reader()->metadata()->schema();
  std::vector<int> out;
  for (const std::string& name : columns()) {
    const auto before = out.size();
    for (int i = 0; i < schema->num_columns(); ++i)
      if (schema->Column(i)->path()->ToDotVector()[0] == name) out.push_back(i);
    if (out.size() == before) return broken(path, fmt::format("it has no column {}", name));
  }
  return out;
}

std::string text_at(const arrow::Array& array, std::int64_t i) {
  if (array.IsNull(i)) return "";
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto& d = static_cast<const arrow::DictionaryArray&>(array);
    return text_at(*d.dictionary(), d.GetValueIndex(i));
  }
  if (array.type_id() == arrow::Type::LARGE_STRING || array.type_id() == arrow::Type::LARGE_BINARY)
    return static_cast<const arrow::LargeBinaryArray&>(array).GetString(i);
  return static_cast<const arrow::BinaryArray&>(array).GetString(i);
}

std::vector<std::int64_t> integers_at(const arrow::Array& array, std::int64_t i) {
  const auto& list = static_cast<const arrow::ListArray&>(array);
  const auto& values = static_cast<const arrow::Int64Array&>(*list.values());
  std::vector<std::int64_t> out;
  for (std::int64_t k = list.value_offset(i); !list.IsNull(i) && k < list.value_offset(i + 1); ++k)
    out.push_back(values.Value(k));
  return out;
}

// A list of structs with dtype, shape and data.
std::vector<Tensor> tensors_at(const arrow::Array& array, std::int64_t i) {
  std::vector<Tensor> out;
  const auto& list = static_cast<const arrow::ListArray&>(array);
  if (list.IsNull(i)) return out;
  const auto& items = static_cast<const arrow::StructArray&>(*list.values());
  const auto dtypes = items.GetFieldByName("dtype"), data = items.GetFieldByName("data");
  const auto shapes = std::static_pointer_cast<arrow::ListArray>(items.GetFieldByName("shape"));
  const auto& sizes = static_cast<const arrow::Int64Array&>(*shapes->values());
  for (std::int64_t k = list.value_offset(i); k < list.value_offset(i + 1); ++k) {
    Tensor t;
    const std::string dtype = text_at(*dtypes, k);
    // A key's array holds its words.
    t.dtype = dtype_from_jaxpr_name(dtype).value_or(DType::kU32);
    for (std::int64_t d = shapes->value_offset(k); d < shapes->value_offset(k + 1); ++d)
      t.shape.push_back(sizes.Value(d));
    t.bytes = text_at(*data, k);
    if (dtype.starts_with("key<")) {
      const std::int64_t keys = element_count(t.shape);
      if (keys > 0) t.shape.push_back(static_cast<std::int64_t>(t.bytes.size()) / 4 / keys);
    }
    out.push_back(std::move(t));
  }
  return out;
}

Result<std::vector<DatasetRow>> read_group(const std::string& path, int group, bool& last) {
  JAXSMITH_TRY(reader, open_file(path));
  JAXSMITH_TRY(indices, leaves(*reader, path));
  last = group + 1 >= reader->num_row_groups();
  std::vector<DatasetRow> out;
  if (group >= reader->num_row_groups()) return out;
  auto read = reader->ReadRowGroup(group, indices);
  if (!read.ok()) return broken(path, read.status().message());
  auto combined = (*read)->CombineChunks();
  if (!combined.ok()) return broken(path, combined.status().message());
  const arrow::Table& table = **combined;
  const auto column = [&](const std::string& name) -> std::shared_ptr<arrow::Array> {
    const auto chunked = table.GetColumnByName(name);
    return chunked && chunked->num_chunks() > 0 ? chunked->chunk(0) : nullptr;
  };
  if (table.num_rows() == 0) return out;
  const auto id = column("id"), origin = column("origin");
  for (std::int64_t i = 0; i < table.num_rows(); ++i) {
    DatasetRow row;
    row.id = text_at(*id, i);
    row.category = text_at(*column("category"), i);
    row.origin = text_at(*origin, i);
    for (const char* level : kLevels)
      if (std::string text = text_at(*column(level), i); !text.empty())
        row.levels.emplace(level, std::move(text));
    row.constants = tensors_at(*column("constants"), i);
    row.inputs = tensors_at(*column("inputs"), i);
    row.outputs = tensors_at(*column("outputs"), i);
    const auto number = [&](const char* name) -> std::int64_t {
      const auto scalar = column(name)->GetScalar(i);
      if (!scalar.ok() || !(*scalar)->is_valid) return 0;
      const auto cast = (*scalar)->CastTo(arrow::int64());
      return cast.ok() ? static_cast<const arrow::Int64Scalar&>(**cast).value : 0;
    };
    row.kept_arguments = integers_at(*column("kept_arguments"), i);
    row.equations = number("equations");
    row.devices = number("devices");
    row.x64 = static_cast<const arrow::BooleanArray&>(*column("x64")).Value(i);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Result<DatasetReader> DatasetReader::open(const std::string& path) {
  DatasetReader out;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(
             fs::is_directory(path + "/data", error) ? path + "/data" : path, error))
      if (entry.path().extension() == ".parquet" && entry.path().filename() != "rejects.parquet")
        out.files_.push_back(entry.path().string());
    std::sort(out.files_.begin(), out.files_.end());
    if (out.files_.empty())
      return Error::usage(fmt::format(
          "{}: it holds no data/*.parquet; name a dataset's folder or a Parquet file", path));
  } else if (fs::exists(path, error)) {
    out.files_.push_back(path);
  } else {
    return Error::usage(fmt::format("{}: there is no such file or folder", path));
  }
  for (const std::string& file : out.files_) {
    JAXSMITH_TRY(reader, open_file(file));
    JAXSMITH_TRY(indices, leaves(*reader, file));
    out.rows_ += reader->parquet_reader()->metadata()->num_rows();
  }
  return out;
}

Result<std::optional<DatasetRow>> DatasetReader::next() {
  while (waiting_.empty()) {
    if (file_ >= files_.size()) return std::optional<DatasetRow>();
    bool last = false;
    JAXSMITH_TRY(rows, read_group(files_[file_], group_, last));
    waiting_ = std::move(rows);
    std::reverse(waiting_.begin(), waiting_.end());
    ++group_;
    if (last) {
      ++file_;
      group_ = 0;
    }
  }
  std::optional<DatasetRow> out = std::move(waiting_.back());
  waiting_.pop_back();
  return out;
}

}  // namespace jaxsmith
