#include "split/rewrite.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "store/cells.h"
#include "store/files.h"
#include "store/schema.h"
#include "store/shards.h"

namespace jaxsmith::split {
namespace {

using check::Split;
using TablePtr = std::shared_ptr<arrow::Table>;

// Why a row is left out, in a line.
std::string_view detail_of(trace::Reason reason) {
  switch (reason) {
    case trace::Reason::kUnread:
      return "its jaxpr was not read, so that nobody knows what it is near to";
    case trace::Reason::kNotWritten:
      return "JAX compiles it by itself for a program that runs step by step";
    case trace::Reason::kNearReal:
      return "it is near a row of test_real";
    case trace::Reason::kNearDuplicate:
      return "it is near a row of another family, and there are enough of such rows";
    default:
      return "its cluster is held out for what another row has, or it is too long for train";
  }
}

// The columns that a dataset has, in their order, whatever else the file has.
Result<TablePtr> read_samples(const std::string& file) {
  JAXSMITH_TRY(table, store::read_parquet(file));
  std::vector<std::shared_ptr<arrow::ChunkedArray>> columns;
  for (const store::Column& c : store::sample_columns()) {
    const auto column = table->GetColumnByName(c.name);
    if (!column || !column->type()->Equals(*c.type))
      return Error::usage(
          fmt::format("{}: it has no column {} of type {}, as a dataset of this version has; make "
                      "the dataset anew",
                      file, c.name, c.type->ToString()));
    columns.push_back(column);
  }
  return arrow::Table::Make(store::schema_of(store::sample_columns()), std::move(columns),
                            table->num_rows());
}

class Rewriter {
 public:
  Rewriter(const Corpus& corpus, const Assignment& assignment, std::uint64_t rows_per_shard,
           std::string out)
      : corpus_(corpus), a_(assignment), out_(std::move(out)) {
    std::map<Split, std::uint64_t> rows;
    for (const Place& place : a_.places)
      if (place.split) ++rows[*place.split];
    for (std::size_t s = 0; s < kWords<Split>.size(); ++s)
      shards_.emplace_back(out_, std::string(kWords<Split>[s]), rows[static_cast<Split>(s)],
                           rows_per_shard);
  }

  Result<store::CardFigures> run() {
    JAXSMITH_CHECK(store::make_directories(out_ + "/data"));
    for (const std::string& file : corpus_.files) JAXSMITH_CHECK(add_file(file));
    if (next_ != a_.places.size()) return changed(corpus_.files.back());
    JAXSMITH_TRY(rejects, store::reject_table(rejects_));
    JAXSMITH_CHECK(
        store::write_parquet(out_ + "/rejects.parquet", *rejects, store::reject_columns()));
    return std::move(figures_);
  }

 private:
  static Error changed(const std::string& file) {
    return Error::environment(
        fmt::format("{}: it was changed while the dataset was being split; begin again", file));
  }

  Status add_file(const std::string& file) {
    JAXSMITH_TRY(table, read_samples(file));
    const auto rows = static_cast<std::size_t>(table->num_rows());
    if (next_ + rows > a_.places.size()) return changed(file);
    JAXSMITH_TRY(inert, store::numbers_or_null<arrow::DoubleType>(*table, "inert"));
    JAXSMITH_TRY(difficulty, store::numbers_or_null<arrow::Int64Type>(*table, "difficulty"));
    std::vector<std::string_view> splits;
    for (std::size_t i = 0; i < rows; ++i) {
      const Place& place = a_.places[next_ + i];
      splits.push_back(place.split ? word(*place.split) : std::string_view());
      JAXSMITH_CHECK(place.split ? count(*table, i, *place.split)
                                 : leave_out(*table, i, *place.left));
      if (!place.split) continue;
      figures_.inert.add(inert[i]);
      figures_.difficulty.add(difficulty[i]);
    }
    for (const level::Level level : level::levels())
      if (table->GetColumnByName(std::string(level::name_of(level)))->null_count() <
          table->num_rows())
        figures_.levels.insert(level);
    next_ += rows;
    JAXSMITH_TRY(assigned, with_splits(table, splits));
    for (std::size_t s = 0; s < shards_.size(); ++s) {
      JAXSMITH_TRY(part, store::rows_of_split(assigned, splits, kWords<Split>[s]));
      JAXSMITH_CHECK(shards_[s].add(part));
    }
    return {};
  }

  static Result<TablePtr> with_splits(const TablePtr& table,
                                      const std::vector<std::string_view>& splits) {
    arrow::StringBuilder builder;
    std::shared_ptr<arrow::Array> words;
    arrow::Status status;
    for (const std::string_view split : splits)
      if (status.ok()) status = builder.Append(split);
    if (status.ok()) status = builder.Finish(&words);
    if (!status.ok()) return Error::internal(status.message());
    const int at = table->schema()->GetFieldIndex("split");
    auto out = table->SetColumn(at, table->schema()->field(at),
                                std::make_shared<arrow::ChunkedArray>(words));
    if (!out.ok()) return Error::internal(out.status().message());
    return *out;
  }

  static Result<std::string> text(const arrow::Table& table, const char* column, std::size_t row) {
    auto at = static_cast<std::int64_t>(row);
    for (const auto& chunk : table.GetColumnByName(column)->chunks()) {
      if (at >= chunk->length()) {
        at -= chunk->length();
        continue;
      }
      JAXSMITH_TRY(cell, store::text_cell({*chunk, at}));
      return cell.value_or("");
    }
    return Error::internal(fmt::format("a table has no row {}", row));
  }

  Status count(const arrow::Table& table, std::size_t row, Split split) {
    JAXSMITH_TRY(category, text(table, "category", row));
    JAXSMITH_TRY(transformation, text(table, "transformation", row));
    const std::string name(word(split));
    ++figures_.rows;
    ++figures_.splits[name];
    ++figures_.categories[category][name];
    ++figures_.transformations[transformation];
    return {};
  }

  Status leave_out(const arrow::Table& table, std::size_t row, trace::Reason reason) {
    check::Reject r;
    for (const auto& [column, into] :
         {std::pair("id", &r.id), std::pair("callable", &r.callable),
          std::pair("category", &r.category), std::pair("transformation", &r.transformation),
          std::pair("variant", &r.variant), std::pair("source", &r.source)}) {
      JAXSMITH_TRY(cell, text(table, column, row));
      *into = std::move(cell);
    }
    r.refusal = {trace::Stage::kSplit, reason, std::string(detail_of(reason))};
    ++figures_.rejects[std::string(word(r.refusal.stage))][r.refusal.reason];
    rejects_.push_back(std::move(r));
    return {};
  }

  const Corpus& corpus_;
  const Assignment& a_;
  std::string out_;
  std::vector<store::ShardWriter> shards_;
  std::vector<check::Reject> rejects_;
  store::CardFigures figures_;
  std::size_t next_ = 0;  // row of the corpus that the next file begins with
};

}  // namespace

Result<store::CardFigures> rewrite(const Corpus& corpus, const Assignment& assignment,
                                   std::uint64_t rows_per_shard, const std::string& out) {
  return Rewriter(corpus, assignment, rows_per_shard, out).run();
}

}  // namespace jaxsmith::split
