// What is asked of predictions, datasets and arrays in files, whatever bytes they hold.
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "check/reading.h"
#include "fuzz/fuzz.h"
#include "fuzz/metering.h"
#include "score/grade.h"
#include "store/dataset_reader.h"
#include "tensor/npy.h"

namespace jaxsmith::fuzz {
namespace {

constexpr std::size_t kMostTexts = 8;  // that are looked at in one input
const Allowance kAllowance;

// Arrow's own allocators cannot be counted; the choice is made when it is used first.
const bool kCounted = setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 1) == 0;

// Bytes as a file that has a name as long as this lives.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("fuzz", 0)) {
    if (fd_ < 0 || write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }
  std::string bytes() const {
    std::string out(static_cast<std::size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    if (pread(fd_, out.data(), out.size(), 0) != static_cast<ssize_t>(out.size())) std::abort();
    return out;
  }

 private:
  int fd_;
};

// ---- Predictions

// The rows that seeds are about, from JAXSMITH_FUZZ_DATASET.
const std::map<std::string, store::DatasetRow>& rows() {
  static const auto* all = [] {
    auto* out = new std::map<std::string, store::DatasetRow>;
    const char* path = std::getenv("JAXSMITH_FUZZ_DATASET");
    auto reader = store::DatasetReader::open(path ? path : "dataset");
    if (!reader.ok())
      finding("the dataset is not there", path ? path : "JAXSMITH_FUZZ_DATASET is not set");
    while (auto row = reader.value().next()) {
      if (!row->problem.empty()) continue;
      std::string id = row->id;
      out->emplace(std::move(id), std::move(*row));
    }
    return out;
  }();
  return *all;
}

score::ScoreOptions score_options() { return {budget_of(kAllowance), 0}; }

// Made once: that is the dataset's cost, not the prediction's. Null where the row is not there.
const score::Reference* reference(const std::string& id, level::Level level) {
  static auto* known = new std::map<std::pair<std::string, level::Level>, score::Reference>;
  const auto row = rows().find(id);
  if (row == rows().end() || !row->second.levels.contains(level)) return nullptr;
  const auto at = known->find({id, level});
  if (at != known->end()) return &at->second;
  return &known
              ->emplace(std::pair(id, level),
                        score::Reference::make(row->second, level, score_options()))
              .first->second;
}

}  // namespace

void check_predictions(std::string_view bytes) {
  std::optional<Result<std::vector<score::Prediction>>> read;
  const MemoryFile file(bytes);
  within({0, 0}, bytes.size(), [&] { read = score::read_predictions(file.path()); });
  if (!read->ok()) return;
  std::size_t left = kMostTexts;
  for (const score::Prediction& p : read->value()) {
    const score::Reference* against = reference(p.id, p.level);
    if (!against || left-- == 0) continue;
    within(kAllowance, p.text.size(), [&] {
      const score::Verdict v = score::grade(p, *against, score_options());
      const bool in_order = v.verifies <= v.parses && v.signature <= v.verifies &&
                            v.agrees <= v.recorded && v.agrees <= v.gradable;
      if (!in_order) finding("a verdict does not imply those before it", p.text);
      if (v.agrees == !v.reason.empty() && v.gradable)
        finding("credit with a reason against it, or none without one", p.text);
    });
  }
}

// ---- Datasets

namespace {

using Json = nlohmann::json;

// Hexadecimal digits as bytes; what is none is left out.
std::string bytes_of(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(std::strtol(digits.substr(i, 2).c_str(), nullptr, 16));
  return out;
}

std::string text_in(const Json& json, const char* key) {
  const auto at = json.is_object() ? json.find(key) : json.end();
  return at != json.end() && at->is_string() ? at->get<std::string>() : "";
}

std::vector<std::int64_t> integers_in(const Json& json, const char* key) {
  std::vector<std::int64_t> out;
  const auto at = json.is_object() ? json.find(key) : json.end();
  if (at != json.end() && at->is_array())
    for (const Json& item : *at) out.push_back(item.is_number() ? item.get<std::int64_t>() : 0);
  return out;
}

// A column of strings, of lists of integers, or of arrays; null, or of the types that other writers
// choose, where the row says so.
class RowWriter {
 public:
  explicit RowWriter(const Json& row)
      : row_(row), large_(row.value("large", Json()).is_boolean()) {}

  std::string parquet() {
    for (const char* name :
         {"id", "origin", "category", "jaxpr", "stablehlo", "hlo", "hlo_optimized"})
      text(name);
    for (const char* name : {"constants", "inputs", "outputs"}) arrays(name);
    for (const char* name : {"equations", "devices"}) number(name);
    flag("x64");
    integers("kept_arguments");
    const auto table = arrow::Table::Make(arrow::schema(fields_), columns_);
    auto sink = arrow::io::BufferOutputStream::Create();
    if (!parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), *sink, 1024).ok())
      return "";
    return (*(*sink)->Finish())->ToString();
  }

 private:
  void add(const char* name, arrow::ArrayBuilder& builder) {
    auto array = builder.Finish();
    if (!array.ok()) return;
    fields_.push_back(arrow::field(name, (*array)->type()));
    columns_.push_back(*array);
  }
  bool missing(const char* name) const { return !row_.contains(name); }

  void text(const char* name) {
    if (missing(name)) return;
    if (large_) {
      arrow::LargeStringBuilder builder;
      if (builder.Append(text_in(row_, name)).ok()) add(name, builder);
    } else {
      arrow::StringBuilder builder;
      const auto done =
          row_[name].is_null() ? builder.AppendNull() : builder.Append(text_in(row_, name));
      if (done.ok()) add(name, builder);
    }
  }
  void number(const char* name) {
    if (missing(name)) return;
    arrow::Int64Builder builder;
    const Json& v = row_[name];
    if ((v.is_number_integer() ? builder.Append(v.get<std::int64_t>()) : builder.AppendNull()).ok())
      add(name, builder);
  }
  void flag(const char* name) {
    if (missing(name)) return;
    arrow::BooleanBuilder builder;
    const Json& v = row_[name];
    if ((v.is_boolean() ? builder.Append(v.get<bool>()) : builder.AppendNull()).ok())
      add(name, builder);
  }
  void integers(const char* name) {
    if (missing(name)) return;
    auto values = std::make_shared<arrow::Int64Builder>();
    const auto fill = [&](auto& builder) {
      if (row_[name].is_null()
              ? builder.AppendNull().ok()
              : builder.Append().ok() && values->AppendValues(integers_in(row_, name)).ok())
        add(name, builder);
    };
    if (large_) {
      arrow::LargeListBuilder builder(arrow::default_memory_pool(), values);
      fill(builder);
    } else {
      arrow::ListBuilder builder(arrow::default_memory_pool(), values);
      fill(builder);
    }
  }
  void arrays(const char* name) {
    if (missing(name)) return;
    auto* pool = arrow::default_memory_pool();
    auto dtype = std::make_shared<arrow::StringBuilder>();
    auto sizes = std::make_shared<arrow::Int64Builder>();
    auto shape = std::make_shared<arrow::ListBuilder>(pool, sizes);
    auto data = std::make_shared<arrow::BinaryBuilder>();
    auto item = std::make_shared<arrow::StructBuilder>(
        arrow::struct_({arrow::field("dtype", arrow::utf8()),
                        arrow::field("shape", arrow::list(arrow::int64())),
                        arrow::field("data", arrow::binary())}),
        pool, std::vector<std::shared_ptr<arrow::ArrayBuilder>>{dtype, shape, data});
    arrow::ListBuilder builder(pool, item);
    bool good = row_[name].is_array() ? builder.Append().ok() : builder.AppendNull().ok();
    if (row_[name].is_array())
      for (const Json& array : row_[name]) {
        good = good && item->Append().ok() && dtype->Append(text_in(array, "dtype")).ok() &&
               shape->Append().ok() && sizes->AppendValues(integers_in(array, "shape")).ok() &&
               data->Append(bytes_of(text_in(array, "data"))).ok();
      }
    if (good) add(name, builder);
  }

  const Json& row_;
  bool large_;
  std::vector<std::shared_ptr<arrow::Field>> fields_;
  std::vector<std::shared_ptr<arrow::Array>> columns_;
};

void check_row(const store::DatasetRow& row) {
  const check::ExecutionCase recorded{
      row.constants,      row.inputs,    row.outputs,
      row.kept_arguments, row.equations, check::precisions_of(check::read_texts(row.levels)),
      row.further_cases};
  for (const auto& [level, text] : row.levels) {
    // A text that misses is run in other ways as well, each within the budget.
    constexpr std::int64_t kWays = 16;
    const auto cases = 1 + static_cast<std::int64_t>(row.further_cases.size());
    const Allowance all{cases * kWays * kAllowance.steps, kAllowance.bytes};
    within(all, text.size(), [&] {
      (void)check::read_text(level, text, row.outputs.empty() ? nullptr : &recorded,
                             budget_of(kAllowance));
    });
  }
}

}  // namespace

void check_dataset(std::string_view bytes) {
  std::string parquet(bytes);
  if (!bytes.starts_with("PAR1")) {
    const Json row = Json::parse(bytes, nullptr, false);
    if (!row.is_object()) return;
    parquet = RowWriter(row).parquet();
  }
  const MemoryFile file(parquet);
  std::vector<store::DatasetRow> found;
  // Parquet's own decompression is paid for by the byte.
  within({0, 64 << 20}, bytes.size() + parquet.size(), [&] {
    auto reader = store::DatasetReader::open(file.path());
    while (reader.ok() && found.size() < kMostTexts) {
      auto row = reader.value().next();
      if (!row) break;
      if (row->problem.empty()) found.push_back(std::move(*row));
    }
  });
  for (const store::DatasetRow& row : found) check_row(row);
}

// ---- Arrays

void check_npy(std::string_view bytes) {
  const MemoryFile file(bytes);
  within({0, static_cast<std::int64_t>(bytes.size())}, bytes.size(), [&] {
    for (const auto expected :
         {std::optional<tensor::DType>(), std::optional(tensor::DType::kBF16)}) {
      const auto read = tensor::read_npy(file.path(), expected);
      if (!read.ok()) continue;
      const MemoryFile again(tensor::npy_bytes(read.value()));
      const auto back = tensor::read_npy(again.path(), read.value().dtype);
      if (!back.ok() || !(back.value() == read.value()))
        finding("an array is read differently once it is written", bytes.substr(0, 80));
    }
  });
}

}  // namespace jaxsmith::fuzz
