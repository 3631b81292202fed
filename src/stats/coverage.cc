#include "stats/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "check/program.h"
#include "stats/python_names.h"
#include "stats/rows.h"
#include "tensor/dtype.h"

namespace jaxsmith::stats {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kWidth = 100;

// The texts of a row that figures need: that of the structure, and those whose operations no column
// counts.
check::Programs read_texts(const store::DatasetRow& row) {
  level::Texts texts = row.levels;
  std::erase_if(texts, [&](const auto& entry) {
    const level::Level level = entry.first;
    return level != level::structure_level() &&
           (!level::row_of(level).counts || row.description.op_counts.contains(level));
  });
  return check::read_texts(texts);
}

// By the columns, or where a dataset has none, by the texts.
Uses operations_of(const store::DatasetRow& row, const check::Programs& programs,
                   level::Level level) {
  ir::OpCounts counts;
  const auto found = row.description.op_counts.find(level);
  if (found != row.description.op_counts.end()) {
    counts = found->second;
  } else if (const auto program = programs.find(level); program != programs.end()) {
    if (program->second.ok()) counts = program->second.value().op_counts();
  }
  Uses out;
  for (const auto& [op, count] : counts) out[op].times = count;
  return out;
}

Status read_flow(const check::IrProgram& program, Coverage& out) {
  JAXSMITH_TRY(flow, program.flow());
  for (const ir::ValueType& type : flow.results) {
    ++out.dtypes[std::string(type.dtype)].times;
    ++out.ranks[type.is_array ? std::to_string(type.shape.size()) : "none"].times;
  }
  out.nesting[std::to_string(flow.extent.nesting)].times = 1;
  return {};
}

// A row by itself, as the dataset that it would be.
Coverage read_row(const store::DatasetRow& row) {
  Coverage out;
  out.rows = 1;
  const store::Description& d = row.description;
  const PythonNames names = names_in(source::python_tokens(d.source));
  for (const std::string& name : names.full) out.names[name].times = 1;
  for (const std::string& name : names.methods) out.methods[name].times = 1;
  const check::Programs programs = read_texts(row);
  for (const level::Level level : level::levels())
    if (level::row_of(level).counts) out.operations[level] = operations_of(row, programs, level);
  const auto program = programs.find(level::structure_level());
  const bool read = program != programs.end() && program->second.ok() &&
                    read_flow(program->second.value(), out).ok();
  out.unread = !row.problem.empty() || !read;
  if (!d.transformation.empty()) out.transformations[d.transformation].times = 1;
  return out;
}

void add(Uses& all, const Uses& row) {
  for (const auto& [name, met] : row) {
    all[name].times += met.times;
    ++all[name].rows;
  }
}

void add(Coverage& all, const Coverage& row) {
  all.rows += row.rows;
  all.unread += row.unread;
  add(all.names, row.names);
  add(all.methods, row.methods);
  for (const auto& [level, uses] : row.operations) add(all.operations[level], uses);
  add(all.dtypes, row.dtypes);
  add(all.ranks, row.ranks);
  add(all.transformations, row.transformations);
  add(all.nesting, row.nesting);
}

// The functions of a namespace by how many rows use them.
struct Namespace {
  std::vector<std::pair<std::string, std::int64_t>> met, rare;
  std::vector<std::string> never;
};

Namespace met_of(const Coverage& coverage, const std::string& name,
                 const std::vector<std::string>& functions, std::int64_t few) {
  Namespace out;
  for (const std::string& function : functions) {
    const auto found = coverage.names.find(fmt::format("{}.{}", name, function));
    if (found == coverage.names.end()) {
      out.never.push_back(function);
      continue;
    }
    out.met.emplace_back(function, found->second.rows);
    if (found->second.rows < few) out.rare.emplace_back(function, found->second.rows);
  }
  return out;
}

// Of all namespaces but `jax` itself, whose functions transform and do more besides.
struct Totals {
  std::size_t exist = 0, met = 0, rare = 0;

  void add(const std::string& name, std::size_t functions, const Namespace& of) {
    if (name == "jax") return;
    exist += functions;
    met += of.met.size();
    rare += of.rare.size();
  }
};

std::vector<std::pair<std::string, Met>> by_times(const Uses& uses) {
  std::vector<std::pair<std::string, Met>> out(uses.begin(), uses.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second.times > b.second.times; });
  return out;
}

// Words behind a title, on lines that begin under one another.
std::string list(const std::string& title, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::string out = "  " + title + ":";
  std::size_t column = out.size();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i] + (i + 1 < words.size() ? "," : "");
    if (column + 1 + word.size() > kWidth) {
      out += "\n   ";
      column = 3;
    }
    out += " " + word;
    column += 1 + word.size();
  }
  return out + "\n";
}

std::string counted(const std::string& name, std::int64_t count) {
  return fmt::format("{} {}", name, count);
}

std::string api_table(const Coverage& coverage, const PublicApi& api, std::int64_t few) {
  std::string out =
      fmt::format("{:<36} {:>6} {:>6} {:>6} {:>6}\n", "functions of JAX " + api.jax + ", by rows",
                  "exist", "met", fmt::format("< {}", few), "never");
  std::string names;
  Totals totals;
  const auto line = [&](const std::string& name, std::size_t all, std::size_t n, std::size_t r) {
    out += fmt::format("{:<36} {:>6} {:>6} {:>6} {:>6}\n", name, all, n, r, all - n);
  };
  for (const auto& [name, functions] : api.namespaces) {
    const Namespace n = met_of(coverage, name, functions, few);
    line(name, functions.size(), n.met.size(), n.rare.size());
    totals.add(name, functions.size(), n);
    std::vector<std::string> few_words;
    for (const auto& [function, rows] : n.rare) few_words.push_back(counted(function, rows));
    names += list(fmt::format("{} in fewer than {} rows", name, few), few_words);
    names += list(name + " never", n.never);
  }
  line("all but jax itself", totals.exist, totals.met, totals.rare);
  return out + "\n" + names;
}

std::string uses_table(const std::string& title, const Uses& uses, std::int64_t few) {
  std::vector<std::string> often, rare;
  for (const auto& [name, met] : by_times(uses))
    (met.times < few ? rare : often).push_back(counted(name, met.times));
  return fmt::format("{}: {}, of which {} fewer than {} times\n", title, uses.size(), rare.size(),
                     few) +
         list("met", often) + list(fmt::format("fewer than {}", few), rare);
}

// Element types that programs of JAX have, the narrow ones aside.
std::vector<std::string> dtypes_never(const Uses& dtypes) {
  std::vector<std::string> out;
#define X(id, jaxpr, numpy, bytes, kind) \
  if (!tensor::is_narrow(tensor::DType::id) && !dtypes.contains(jaxpr)) out.emplace_back(jaxpr);
  JAXSMITH_DTYPES(X)
#undef X
  return out;
}

Json as_json(const Uses& uses) {
  Json out = Json::object();
  for (const auto& [name, met] : by_times(uses))
    out[name] = {{"times", met.times}, {"rows", met.rows}};
  return out;
}

Json as_json(const std::vector<std::pair<std::string, std::int64_t>>& rows) {
  Json out = Json::object();
  for (const auto& [name, count] : rows) out[name] = count;
  return out;
}

}  // namespace

Result<Coverage> coverage_of(std::span<const std::string> datasets, unsigned workers) {
  Coverage out;
  for (const std::string& dataset : datasets)
    JAXSMITH_CHECK(for_rows<Coverage>(dataset, workers, read_row,
                                      [&](const Coverage& row) { add(out, row); }));
  return out;
}

std::string coverage_table(const Coverage& coverage, const PublicApi& api, std::int64_t few) {
  std::string out = fmt::format("{} rows{}\n\n", coverage.rows,
                                coverage.unread ? fmt::format(", {} unread", coverage.unread) : "");
  out += api_table(coverage, api, few) + "\n";
  for (const auto& [level, uses] : coverage.operations)
    out += uses_table(fmt::format("operations, {}", level::row_of(level).title), uses, few);
  out += uses_table("element types", coverage.dtypes, few);
  out += list("never", dtypes_never(coverage.dtypes));
  out += uses_table("ranks", coverage.ranks, few);
  out += uses_table("transformations", coverage.transformations, few);
  out += uses_table("rows by nesting of control flow", coverage.nesting, few);
  return out;
}

std::string coverage_json(const Coverage& coverage, const PublicApi& api, std::int64_t few) {
  Json j = {{"rows", coverage.rows}, {"unread", coverage.unread}, {"few", few}, {"jax", api.jax}};
  Json& functions = j["functions"] = Json::object();
  Totals totals;
  for (const auto& [name, all] : api.namespaces) {
    const Namespace n = met_of(coverage, name, all, few);
    functions[name] = {{"exist", all.size()},
                       {"met", as_json(n.met)},
                       {"rare", as_json(n.rare)},
                       {"never", n.never}};
    totals.add(name, all.size(), n);
  }
  j["all_functions"] = {{"exist", totals.exist},
                        {"met", totals.met},
                        {"rare", totals.rare},
                        {"never", totals.exist - totals.met}};
  Json& operations = j["operations"] = Json::object();
  for (const auto& [level, uses] : coverage.operations)
    operations[level::name_of(level)] = as_json(uses);
  j["dtypes"] = as_json(coverage.dtypes);
  j["dtypes_never"] = dtypes_never(coverage.dtypes);
  j["ranks"] = as_json(coverage.ranks);
  j["transformations"] = as_json(coverage.transformations);
  j["nesting"] = as_json(coverage.nesting);
  j["methods"] = as_json(coverage.methods);
  return j.dump(2) + "\n";
}

}  // namespace jaxsmith::stats
