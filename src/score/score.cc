#include "score/score.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <unordered_map>

#include "base/text.h"
#include "base/threads.h"
#include "store/files.h"

namespace jaxsmith::score {
namespace {

// The predictions for one level of a row: what the row's text gives is computed once for all.
struct Task {
  const store::DatasetRow* row = nullptr;
  level::Level level{};
  std::vector<std::size_t> predictions;
};

using Rows = std::unordered_map<std::string, store::DatasetRow>;

Result<Rows> rows_of(const std::vector<Prediction>& predictions, store::DatasetReader& dataset) {
  Rows out;
  std::unordered_map<std::string_view, bool> wanted;
  for (const Prediction& p : predictions) wanted.emplace(p.id, true);
  while (auto row = dataset.next()) {
    const bool asked = wanted.contains(row->id);
    if (!row->problem.empty() && (asked || row->id.empty()))
      return Error::environment(row->place + ": " + row->problem);
    if (!asked) continue;
    const auto other = out.find(row->id);
    if (other != out.end())
      return Error::environment(fmt::format("{} and {}: both rows have the id '{}'",
                                            other->second.place, row->place, in_one_line(row->id)));
    std::string id = row->id;
    out.emplace(std::move(id), std::move(*row));
  }
  return out;
}

std::string place_of(const Prediction& prediction, std::size_t index) {
  return prediction.place.empty() ? fmt::format("prediction {}", index + 1) : prediction.place;
}

Result<std::vector<Task>> tasks_of(const std::vector<Prediction>& predictions, const Rows& rows) {
  std::vector<Task> out;
  std::map<std::pair<level::Level, std::string_view>, std::size_t> known;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& p = predictions[i];
    const auto row = rows.find(p.id);
    if (row == rows.end())
      return Error::usage(
          fmt::format("{}: the dataset has no row '{}': is it the one that was asked about?",
                      place_of(p, i), in_one_line(p.id)));
    if (!row->second.levels.contains(p.level))
      return Error::usage(fmt::format("{}: row {} of the dataset has no {}", place_of(p, i),
                                      in_one_line(p.id), level::name_of(p.level)));
    const auto [at, added] = known.try_emplace({p.level, p.id}, out.size());
    if (added) out.push_back({&row->second, p.level, {}});
    out[at->second].predictions.push_back(i);
  }
  return out;
}

const std::vector<store::Column>& result_columns() {
  using arrow::boolean, arrow::int64, arrow::utf8;
  static const std::vector<store::Column> kColumns = {
      {"id", utf8(), false, "the row"},
      {"level", utf8(), true, "of the text: " + level::list_of_levels()},
      {"sample", int64(), false, "number among the predictions for the same id and level"},
      {"category", utf8(), true, "of the row"},
      {"parses", boolean(), false, "it is a text of its level"},
      {"verifies", boolean(), false, "it keeps to its language's rules"},
      {"signature", boolean(), false, "it takes and gives what the row's text does"},
      {"canonical", boolean(), false, "it says the same as the row's text in other words"},
      {"runs", boolean(), false, "on the recorded inputs"},
      {"recorded", boolean(), false, "it gives on them what JAX gave"},
      {"agrees", boolean(), false,
       "and on the further inputs what the row's text gives: the credit"},
      {"gradable", boolean(), false, "whether the row tells right texts from wrong ones"},
      {"unsupported", boolean(), false, "it has something that jaxsmith does not execute"},
      {"cases", int64(), false, "further inputs"},
      {"cases_passed", int64(), false, "of these, before the first on which it does not agree"},
      {"tries", int64(), false, "inputs that were drawn to find them"},
      {"steps", int64(), false, "elementary operations that it took"},
      {"reason", utf8(), false, "why there is no credit"},
  };
  return kColumns;
}

template <class Builder, class Value>
Result<std::shared_ptr<arrow::Array>> column_of(const std::vector<Graded>& graded, Value value) {
  Builder builder;
  std::shared_ptr<arrow::Array> out;
  arrow::Status status;
  for (const Graded& g : graded)
    if (status.ok()) status = builder.Append(value(g));
  if (status.ok()) status = builder.Finish(&out);
  if (!status.ok()) return Error::internal("cannot build a table: " + status.ToString());
  return out;
}

}  // namespace

Result<std::vector<Graded>> score(std::vector<Prediction> predictions, store::DatasetReader dataset,
                                  const ScoreOptions& options, unsigned workers,
                                  const ScoreProgress& progress) {
  JAXSMITH_TRY(rows, rows_of(predictions, dataset));
  JAXSMITH_TRY(tasks, tasks_of(predictions, rows));
  std::vector<Graded> out(predictions.size());
  std::size_t done = 0;
  std::mutex mutex;
  JAXSMITH_CHECK(parallel_for(tasks.size(), workers, [&](std::size_t t) -> Status {
    const Task& task = tasks[t];
    const Reference reference = Reference::make(*task.row, task.level, options);
    std::unordered_map<std::string_view, std::size_t> judged;  // samples are often the same
    for (const std::size_t i : task.predictions) {
      const auto [same, added] = judged.try_emplace(predictions[i].text, i);
      out[i].verdict =
          added ? grade(predictions[i], reference, options) : out[same->second].verdict;
      out[i].category = task.row->category;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    done += task.predictions.size();
    if (progress) progress(done);
    return {};
  }));
  for (std::size_t i = 0; i < out.size(); ++i) out[i].prediction = std::move(predictions[i]);
  return out;
}

Status write_results(const std::string& path, const std::vector<Graded>& graded) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  const auto text = [&](auto value) -> Status {
    JAXSMITH_TRY(array, (column_of<arrow::StringBuilder>(graded, value)));
    arrays.push_back(std::move(array));
    return {};
  };
  const auto flag = [&](bool Verdict::* member) -> Status {
    JAXSMITH_TRY(array, (column_of<arrow::BooleanBuilder>(
                            graded, [&](const Graded& g) { return g.verdict.*member; })));
    arrays.push_back(std::move(array));
    return {};
  };
  const auto number = [&](auto value) -> Status {
    JAXSMITH_TRY(array, (column_of<arrow::Int64Builder>(graded, value)));
    arrays.push_back(std::move(array));
    return {};
  };
  JAXSMITH_CHECK(text([](const Graded& g) { return g.prediction.id; }));
  JAXSMITH_CHECK(text([](const Graded& g) { return level::name_of(g.prediction.level); }));
  JAXSMITH_CHECK(number([](const Graded& g) { return g.prediction.sample; }));
  JAXSMITH_CHECK(text([](const Graded& g) { return g.category; }));
  for (bool Verdict::* member : {&Verdict::parses, &Verdict::verifies, &Verdict::signature,
                                 &Verdict::canonical, &Verdict::runs, &Verdict::recorded,
                                 &Verdict::agrees, &Verdict::gradable, &Verdict::unsupported})
    JAXSMITH_CHECK(flag(member));
  for (std::int64_t Verdict::* member :
       {&Verdict::cases, &Verdict::cases_passed, &Verdict::tries, &Verdict::steps})
    JAXSMITH_CHECK(number([&](const Graded& g) { return g.verdict.*member; }));
  JAXSMITH_CHECK(text([](const Graded& g) { return g.verdict.reason; }));
  const auto table = arrow::Table::Make(store::schema_of(result_columns()), arrays);
  return store::write_parquet(path, *table, result_columns());
}

}  // namespace jaxsmith::score
