#include "split/corpus.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "check/program.h"
#include "stats/measures.h"
#include "stats/rows.h"

namespace jaxsmith::split {
namespace {

// Of one row, as a thread reads it: names have no numbers yet.
struct Reading {
  std::string place, problem, id, family, structure;
  ir::Windows windows;
  std::set<std::string> operations, shapes;
  std::set<std::pair<std::string, std::string>> pairs;
  std::int64_t equations = 0;
  std::optional<trace::Reason> left;
};

void add_shape(const ir::ValueType& type, std::set<std::string>& out) {
  if (type.is_array && !type.shape.empty())
    out.insert(fmt::format("{}", fmt::join(type.shape, ",")));
}

Status read_flow(const store::DatasetRow& row, Reading& out) {
  const auto text = row.levels.find(level::structure_level());
  if (text == row.levels.end()) return Error::environment("it has none");
  JAXSMITH_TRY(program, check::IrProgram::parse(text->first, text->second));
  JAXSMITH_TRY(flow, program.flow());
  out.windows = ir::windows_of(flow.operations);
  out.operations.insert(flow.operations.begin(), flow.operations.end());
  for (const auto& [from, to] : flow.pairs)
    if (out.operations.contains(from)) out.pairs.emplace(from, to);  // not of an argument
  for (const auto* types : {&flow.arguments, &flow.results})
    for (const ir::ValueType& type : *types) add_shape(type, out.shapes);
  return {};
}

Reading read_row(const store::DatasetRow& row, bool real) {
  Reading out;
  const store::Description& d = row.description;
  out.place = row.place;
  out.problem = row.problem;
  out.id = row.id;
  out.family = d.family.empty() ? row.id : d.family;
  out.structure = d.structure;
  out.equations = row.equations;
  if (!out.problem.empty()) return out;
  if (!read_flow(row, out).ok())
    out.left = trace::Reason::kUnread;
  else if (real && !stats::is_written(d.callable))
    out.left = trace::Reason::kNotWritten;
  return out;
}

Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Numbers numbers_of(const std::set<std::string>& names, Names& known) {
  Numbers out;
  for (const std::string& name : names) out.push_back(known.number(name));
  return sorted(std::move(out));
}

CorpusRow numbered(Reading&& r, Corpus& corpus, bool real) {
  CorpusRow out;
  out.windows = std::move(r.windows);
  out.operations = numbers_of(r.operations, corpus.operations);
  out.shapes = numbers_of(r.shapes, corpus.shapes);
  for (const auto& [from, to] : r.pairs) out.pairs.push_back(corpus.pair(from, to));
  out.pairs = sorted(std::move(out.pairs));
  // Families of two datasets are two, whatever they are called.
  out.family = corpus.families.number((real ? "real " : "") + r.family);
  out.structure = corpus.structures.number(r.structure);
  out.rank = hash64(r.id);
  out.equations = r.equations;
  out.real = real;
  out.left = r.left;
  return out;
}

Status read_dataset(const std::string& path, unsigned workers, bool real, Corpus& corpus) {
  std::string first_problem;
  JAXSMITH_CHECK(stats::for_rows<Reading>(
      path, workers, [&](const store::DatasetRow& row) { return read_row(row, real); },
      [&](Reading&& r) {
        if (!r.problem.empty() && first_problem.empty())
          first_problem = fmt::format("{}: {}", r.place, r.problem);
        corpus.rows.push_back(numbered(std::move(r), corpus, real));
      }));
  // A row that is not known could stand on both sides.
  if (!first_problem.empty())
    return Error::environment(first_problem + "; a dataset that is split must be whole");
  JAXSMITH_TRY(reader, store::DatasetReader::open(path));
  for (const std::string& file : reader.files()) corpus.files.push_back(file);
  return {};
}

}  // namespace

std::uint32_t Names::number(const std::string& name) {
  const auto [at, added] = numbers_.emplace(name, static_cast<std::uint32_t>(names_.size()));
  if (added) names_.push_back(name);
  return at->second;
}

std::uint32_t Corpus::pair(const std::string& from, const std::string& to) {
  const std::uint32_t out = pairs.number(from + " > " + to);
  if (out == pair_operations.size())
    pair_operations.emplace_back(operations.number(from), operations.number(to));
  return out;
}

Result<Corpus> read_corpus(const std::string& dataset, const std::string& real, unsigned workers) {
  Corpus out;
  JAXSMITH_CHECK(read_dataset(dataset, workers, /*real=*/false, out));
  if (!real.empty()) JAXSMITH_CHECK(read_dataset(real, workers, /*real=*/true, out));
  return out;
}

}  // namespace jaxsmith::split
