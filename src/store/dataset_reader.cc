#include "store/dataset_reader.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "ir/common/sharding.h"
#include "store/cells.h"
#include "store/files.h"
#include "tensor/from_bytes.h"
#include "tensor/random_key.h"
#include "tensor/sizes.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;

using FileReader = std::unique_ptr<parquet::arrow::FileReader>;

std::vector<std::string> columns() {
  std::vector<std::string> out = {"id",     "origin",        "category",  "constants",
                                  "inputs", "outputs",       "equations", "devices",
                                  "x64",    "kept_arguments"};
  return out;
}

// A dataset may be older than this column.
constexpr const char* kFurtherCases = "further_cases";

struct TextColumn {
  const char* name;
  std::string Description::* text;
};
constexpr TextColumn kDescribing[] = {{"source", &Description::source},
                                      {"entry", &Description::entry},
                                      {"callable", &Description::callable},
                                      {"family", &Description::family},
                                      {"transformation", &Description::transformation},
                                      {"split", &Description::split},
                                      {"structure", &Description::structure}};

std::vector<std::string> description_columns() {
  std::vector<std::string> out = {"member"};
  for (const TextColumn& column : kDescribing) out.emplace_back(column.name);
  for (const level::Level level : level::levels()) out.push_back(level::counts_column(level));
  return out;
}

Error problem(std::string_view what, const Error& error) {
  return Error{error.kind, fmt::format("{}: {}", what, error.message)};
}

Result<FileReader> open_file(const std::string& path) {
  return guarded([&]() -> Result<FileReader> {
    auto file = arrow::io::ReadableFile::Open(path);
    if (!file.ok()) return Error::environment("it cannot be read");
    auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
    if (!reader.ok()) return Error::environment("it is not Parquet, or not all of it is there");
    return std::move(*reader);
  });
}

// Adds the leaves of a column; none where it is missing. Of two by one name neither can be looked
// up.
Status add_leaves(const parquet::SchemaDescriptor& schema, std::string_view name,
                  std::vector<int>& out) {
  const auto& root = *schema.group_node();
  int found = 0;
  for (int i = 0; i < root.field_count(); ++i) found += root.field(i)->name() == name;
  if (found > 1) return Error::environment(fmt::format("it has two columns {}", name));
  for (int i = 0; i < schema.num_columns(); ++i)
    if (schema.GetColumnRoot(i)->name() == name) out.push_back(i);
  return {};
}

// The leaves that belong to the columns wanted; an error where one is missing.
Result<std::vector<int>> leaves(const parquet::arrow::FileReader& reader, bool described) {
  const auto* schema = reader.parquet_reader()->metadata()->schema();
  std::vector<int> out;
  for (const std::string& name : columns()) {
    const auto before = out.size();
    JAXSMITH_CHECK(add_leaves(*schema, name, out));
    if (out.size() == before)
      return Error::usage(fmt::format("it has no column {}; it is no file of a dataset", name));
  }
  JAXSMITH_CHECK(add_leaves(*schema, kFurtherCases, out));
  // A dataset may be older than a level.
  const auto before = out.size();
  for (const std::string_view name : level::level_names())
    JAXSMITH_CHECK(add_leaves(*schema, name, out));
  if (out.size() == before)
    return Error::usage("it has no column of a level; it is no file of a dataset");
  if (described)
    for (const std::string& name : description_columns())
      JAXSMITH_CHECK(add_leaves(*schema, name, out));
  return out;
}

// A cell that must not be null.
template <class T>
Result<T> present(const std::string& what, Result<std::optional<T>> cell) {
  if (!cell.ok()) return problem(what, cell.error());
  if (!cell.value()) return Error::environment(what + ": it is null");
  return std::move(*std::move(cell).value());
}

Result<std::vector<std::int64_t>> integers(const std::string& what, const Cell& cell) {
  JAXSMITH_TRY(items, present(what, list_cell(cell)));
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < items->length(); ++i) {
    JAXSMITH_TRY(n, present(what, integer_cell({*items, i})));
    out.push_back(n);
  }
  return out;
}

// Bytes as many as the type and the shape have. A key's array holds its words, as a last dimension.
Result<tensor::Tensor> tensor_of(const std::string& what, const std::string& dtype,
                                 tensor::Shape shape, std::string bytes) {
  const bool key = tensor::is_key_type(dtype);
  const auto keys = tensor::byte_count(tensor::DType::kU32, shape);
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (key && keys && *keys > 0 && size > 0 && size % *keys == 0) shape.push_back(size / *keys);
  const auto type = key ? tensor::jaxpr_name(tensor::DType::kU32) : std::string_view(dtype);
  auto out = tensor::tensor_from_bytes(type, std::move(shape), std::move(bytes));
  if (!out.ok()) return problem(what, out.error());
  return out;
}

// The items of a list of structs; null where there are none. Errors: it is another list, or an item
// is null.
Result<std::shared_ptr<arrow::StructArray>> structs_of(const std::string& column,
                                                       const Cell& cell) {
  JAXSMITH_TRY(items, present(column, list_cell(cell)));
  if (items->length() == 0) return std::shared_ptr<arrow::StructArray>();
  if (items->type_id() != arrow::Type::STRUCT)
    return Error::environment(
        fmt::format("{}: it is a list of {}, not of structs", column, items->type()->ToString()));
  for (std::int64_t i = 0; i < items->length(); ++i)
    if (items->IsNull(i)) return Error::environment(fmt::format("{}[{}]: it is null", column, i));
  return std::static_pointer_cast<arrow::StructArray>(items);
}

// A list of structs with dtype, shape and data.
Result<std::vector<tensor::Tensor>> tensors(const std::string& column, const Cell& cell) {
  JAXSMITH_TRY(structs, structs_of(column, cell));
  std::vector<tensor::Tensor> out;
  if (!structs) return out;
  const auto dtypes = structs->GetFieldByName("dtype"), shapes = structs->GetFieldByName("shape"),
             data = structs->GetFieldByName("data");
  if (!dtypes || !shapes || !data)
    return Error::environment(column + ": its structs have no dtype, shape and data");
  for (std::int64_t i = 0; i < structs->length(); ++i) {
    const std::string what = fmt::format("{}[{}]", column, i);
    JAXSMITH_TRY(dtype, present(what + ".dtype", text_cell({*dtypes, i})));
    JAXSMITH_TRY(shape, integers(what + ".shape", {*shapes, i}));
    JAXSMITH_TRY(bytes, present(what + ".data", bytes_cell({*data, i})));
    JAXSMITH_TRY(tensor, tensor_of(what, dtype, std::move(shape), std::move(bytes)));
    out.push_back(std::move(tensor));
  }
  return out;
}

// A list of structs with inputs and outputs: as many and of the same types as `recorded` has. None
// where it is null, as in rows that were added to others of an older dataset.
Result<std::vector<check::Case>> cases(const std::string& column, const Cell& cell,
                                       const DatasetRow& recorded) {
  const auto list = list_cell(cell);
  if (list.ok() && !list.value()) return std::vector<check::Case>();
  JAXSMITH_TRY(structs, structs_of(column, cell));
  std::vector<check::Case> out;
  if (!structs) return out;
  const auto inputs = structs->GetFieldByName("inputs"),
             outputs = structs->GetFieldByName("outputs");
  if (!inputs || !outputs)
    return Error::environment(column + ": its structs have no inputs and outputs");
  for (std::int64_t i = 0; i < structs->length(); ++i) {
    const std::string what = fmt::format("{}[{}]", column, i);
    JAXSMITH_TRY(taken, tensors(what + ".inputs", {*inputs, i}));
    JAXSMITH_TRY(given, tensors(what + ".outputs", {*outputs, i}));
    if (!tensor::same_types(taken, recorded.inputs) || !tensor::same_types(given, recorded.outputs))
      return Error::environment(what + ": its arrays are of other types than the recorded case's");
    out.push_back({std::move(taken), std::move(given)});
  }
  return out;
}

// A cell of a table of which every column may be in several pieces.
Cell cell_at(const arrow::Table& table, const std::string& column, std::int64_t row) {
  const auto& chunks = table.GetColumnByName(column)->chunks();
  std::size_t c = 0;
  for (; row >= chunks.at(c)->length(); ++c) row -= chunks[c]->length();
  return {*chunks[c], row};
}

// A list of structs with op and count.
Result<ir::OpCounts> counts(const std::string& column, const Cell& cell) {
  ir::OpCounts out;
  JAXSMITH_TRY(items, list_cell(cell));
  if (!items || (*items)->length() == 0) return out;
  if ((*items)->type_id() != arrow::Type::STRUCT)
    return Error::environment(column + ": it is no list of structs");
  const auto& structs = static_cast<const arrow::StructArray&>(**items);
  const auto ops = structs.GetFieldByName("op"), numbers = structs.GetFieldByName("count");
  if (!ops || !numbers) return Error::environment(column + ": its structs have no op and count");
  for (std::int64_t i = 0; i < structs.length(); ++i) {
    JAXSMITH_TRY(op, present(column, text_cell({*ops, i})));
    JAXSMITH_TRY(n, present(column, integer_cell({*numbers, i})));
    if (n < 0 || __builtin_add_overflow(out[op], n, &out[op]))
      return Error::environment(
          fmt::format("{}[{}]: its count is negative, or more than can be added up", column, i));
  }
  return out;
}

Status read_description(const arrow::Table& table, std::int64_t i, Description& out) {
  for (const TextColumn& column : kDescribing) {
    if (!table.GetColumnByName(column.name)) continue;
    auto text = text_cell(cell_at(table, column.name, i));
    if (!text.ok()) return problem(column.name, text.error());
    if (text.value()) out.*column.text = std::move(*text.value());
  }
  if (table.GetColumnByName("member")) {
    auto member = integer_cell(cell_at(table, "member", i));
    if (!member.ok()) return problem("member", member.error());
    out.member = member.value().value_or(0);
  }
  for (const level::Level level : level::levels()) {
    const std::string name = level::counts_column(level);
    if (!table.GetColumnByName(name)) continue;
    JAXSMITH_TRY(found, counts(name, cell_at(table, name, i)));
    if (!found.empty()) out.op_counts.emplace(level, std::move(found));
  }
  return {};
}

// As far as it goes: the id is there for whoever tells of the rest.
Status read_row(const arrow::Table& table, std::int64_t i, DatasetRow& row) {
  const auto cell = [&](const char* name) { return cell_at(table, name, i); };
  JAXSMITH_TRY(id, present("id", text_cell(cell("id"))));
  row.id = std::move(id);
  JAXSMITH_TRY(origin, present("origin", text_cell(cell("origin"))));
  row.origin = std::move(origin);
  JAXSMITH_TRY(category, present("category", text_cell(cell("category"))));
  row.category = std::move(category);
  for (const level::Level level : level::levels()) {
    const std::string name(level::name_of(level));
    if (!table.GetColumnByName(name)) continue;
    auto text = text_cell(cell_at(table, name, i));
    if (!text.ok()) return problem(name, text.error());
    if (text.value() && !text.value()->empty()) row.levels.emplace(level, std::move(*text.value()));
  }
  JAXSMITH_TRY(constants, tensors("constants", cell("constants")));
  row.constants = std::move(constants);
  JAXSMITH_TRY(inputs, tensors("inputs", cell("inputs")));
  row.inputs = std::move(inputs);
  JAXSMITH_TRY(outputs, tensors("outputs", cell("outputs")));
  row.outputs = std::move(outputs);
  if (table.GetColumnByName(kFurtherCases)) {
    JAXSMITH_TRY(further, cases(kFurtherCases, cell(kFurtherCases), row));
    row.further_cases = std::move(further);
  }
  JAXSMITH_TRY(kept, integers("kept_arguments", cell("kept_arguments")));
  for (const std::int64_t n : kept)
    if (n < 0 || (!row.inputs.empty() && n >= static_cast<std::int64_t>(row.inputs.size())))
      return Error::environment(
          fmt::format("kept_arguments: there is no input {} among {}", n, row.inputs.size()));
  row.kept_arguments = std::move(kept);
  JAXSMITH_TRY(equations, present("equations", integer_cell(cell("equations"))));
  if (equations < 0)
    return Error::environment(fmt::format("equations: there are no {} equations", equations));
  row.equations = equations;
  JAXSMITH_TRY(devices, present("devices", integer_cell(cell("devices"))));
  if (devices < 1 || devices > ir::Mesh::kMostDevices)
    return Error::environment(
        fmt::format("devices: {} is not from 1 to {}", devices, ir::Mesh::kMostDevices));
  row.devices = devices;
  JAXSMITH_TRY(x64, present("x64", bool_cell(cell("x64"))));
  row.x64 = x64;
  return {};
}

Result<std::shared_ptr<arrow::Table>> group_table(parquet::arrow::FileReader& reader, int group,
                                                  bool described) {
  return guarded([&]() -> Result<std::shared_ptr<arrow::Table>> {
    JAXSMITH_TRY(indices, leaves(reader, described));
    auto read = reader.ReadRowGroup(group, indices);
    if (!read.ok()) return Error::environment(read.status().message());
    if (const arrow::Status valid = (*read)->Validate(); !valid.ok())
      return Error::environment(valid.message());
    return *read;
  });
}

DatasetRow unreadable(std::string place, const Error& error) {
  DatasetRow out;
  out.place = std::move(place);
  out.problem = error.message.substr(0, error.message.find('\n'));
  return out;
}

// The Parquet files of a folder: by its manifest, where it has one that names some.
Result<std::vector<std::string>> files_of(const std::string& folder) {
  std::vector<std::string> out;
  const auto text = read_file(folder + "/manifest.json");
  const auto manifest =
      text.ok() ? nlohmann::json::parse(text.value(), nullptr, false) : nlohmann::json();
  if (manifest.is_object() && manifest.contains("files") && manifest["files"].is_array()) {
    for (const auto& file : manifest["files"]) {
      const auto path = file.is_object() ? file.find("path") : file.end();
      if (!file.is_object() || path == file.end() || !path->is_string()) continue;
      const auto name = path->get<std::string>();
      if (name.starts_with("data/") && stays_within(name)) out.push_back(folder + "/" + name);
    }
  }
  if (!out.empty()) return out;
  std::error_code error;
  const std::string data = fs::is_directory(folder + "/data", error) ? folder + "/data" : folder;
  for (fs::directory_iterator at(data, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".parquet" && at->path().filename() != "rejects.parquet")
      out.push_back(at->path().string());
  std::sort(out.begin(), out.end());
  if (!out.empty()) return out;
  return Error::usage(fmt::format(
      "{}: it holds no data/*.parquet; name a dataset's folder or a Parquet file", folder));
}

}  // namespace

Result<DatasetReader> DatasetReader::open(const std::string& path, bool described) {
  DatasetReader out;
  out.described_ = described;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    JAXSMITH_TRY(files, files_of(path));
    out.files_ = std::move(files);
  } else if (fs::exists(path, error)) {
    out.files_.push_back(path);
  } else {
    return Error::usage(fmt::format("{}: there is no such file or folder", path));
  }
  std::optional<Error> first;
  std::size_t good = 0;
  for (const std::string& file : out.files_) {
    const Status status = guarded([&]() -> Status {
      JAXSMITH_TRY(reader, open_file(file));
      JAXSMITH_TRY(indices, leaves(*reader, described));
      const std::int64_t rows = reader->parquet_reader()->metadata()->num_rows();
      std::int64_t sum = 0;
      if (rows < 0 || __builtin_add_overflow(out.rows_, rows, &sum))
        return Error::environment("it says that it has more rows than can be counted");
      out.rows_ = sum;
      return {};
    });
    good += status.ok();
    if (!status.ok() && !first) first = problem(file, status.error());
  }
  if (good == 0) return *first;
  return out;
}

std::optional<DatasetRow> DatasetReader::next() {
  while (waiting_.empty()) {
    if (file_ >= files_.size()) return std::nullopt;
    read_group();
  }
  DatasetRow out = std::move(waiting_.back());
  waiting_.pop_back();
  return out;
}

std::vector<DatasetRow> DatasetReader::next(std::size_t most) {
  std::vector<DatasetRow> out;
  while (out.size() < most) {
    auto row = next();
    if (!row) break;
    out.push_back(std::move(*row));
  }
  return out;
}

// The next row group, or what is wrong with it.
void DatasetReader::read_group() {
  const std::string& path = files_[file_];
  const auto next_file = [&] {
    ++file_;
    group_ = 0;
    row_ = 0;
  };
  auto reader = open_file(path);
  if (!reader.ok()) {
    waiting_.push_back(unreadable(path, reader.error()));
    return next_file();
  }
  const auto metadata = reader.value()->parquet_reader()->metadata();
  if (group_ >= metadata->num_row_groups()) return next_file();
  const auto table = group_table(*reader.value(), group_, described_);
  const std::int64_t first = row_;
  if (__builtin_add_overflow(first, metadata->RowGroup(group_)->num_rows(), &row_)) row_ = first;
  ++group_;
  if (!table.ok()) {
    waiting_.push_back(
        unreadable(fmt::format("{}: rows {} to {}", path, first, row_ - 1), table.error()));
    return;
  }
  for (std::int64_t i = table.value()->num_rows(); i-- > 0;) {
    DatasetRow row;
    row.place = fmt::format("{}: row {}", path, first + i);
    const Status read = guarded([&]() -> Status {
      JAXSMITH_CHECK(read_row(*table.value(), i, row));
      return described_ ? read_description(*table.value(), i, row.description) : Status();
    });
    if (!read.ok()) row.problem = read.error().message;
    waiting_.push_back(std::move(row));
  }
}

}  // namespace jaxsmith::store
