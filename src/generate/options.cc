#include "generate/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "backend/backend.h"
#include "base/text.h"
#include "levels/levels.h"
#include "tensor/dtype.h"

namespace jaxsmith::generate {
namespace {

constexpr std::string_view kDTypeNames[] = {"f32", "f16", "bf16", "f64",  "i32", "i8",
                                            "u8",  "u32", "i64",  "bool", "c64"};

std::string flag_name(std::string_view name) {
  std::string flag(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string default_text(std::uint64_t value) { return value ? fmt::format(" [{}]", value) : ""; }
std::string default_text(double value) { return fmt::format(" [{}]", value); }
std::string default_text(bool) { return ""; }
std::string default_text(const std::string&) { return ""; }
std::string default_text(const Names&) { return ""; }

Status parse(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return Error::usage(fmt::format("'{}' is too large", text));
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error::usage(fmt::format("'{}' is not a whole number", text));
  }
  return {};
}

Status parse(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return Error::usage(fmt::format("'{}' is not a number", text));
  }
  return {};
}

Status parse(std::string_view text, bool& value) {
  if (text != "true" && text != "false")
    return Error::usage(fmt::format("'{}' is neither true nor false", text));
  value = text == "true";
  return {};
}

Status parse(std::string_view text, std::string& value) {
  if (text.empty()) return Error::usage("is empty");
  value = text;
  return {};
}

template <class T>
Status parse_all(std::span<const std::string> values, T& value) {
  if (values.size() != 1) return Error::usage("takes one value");
  return parse(values[0], value);
}

Status parse_all(std::span<const std::string> values, Names& names) {
  names.clear();
  for (const std::string& value : values) {
    for (std::string& item : split_list(value)) names.push_back(std::move(item));
  }
  if (names.empty()) return Error::usage("is an empty list; leave it out for all");
  return {};
}

// Puts names into the order of `known`, without repeats. All of them is the same as none given.
Status canonical(std::string_view option, std::string_view noun, Names& names,
                 std::span<const std::string_view> known) {
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Error::usage(fmt::format("--{}: {}", option, there_is_no(noun, name, known)));
  }
  Names ordered;
  for (std::string_view name : known) {
    if (std::find(names.begin(), names.end(), name) != names.end()) ordered.emplace_back(name);
  }
  if (ordered.empty()) ordered.assign(known.begin(), known.end());
  names = std::move(ordered);
  return {};
}

// Sets options.NAME where the option is this one; nothing otherwise.
template <class T>
bool set_if(std::string_view wanted, std::string_view name, std::span<const std::string> values,
            T& member, Status& status) {
  if (wanted != flag_name(name)) return false;
  T value{};
  status = parse_all(values, value);
  if (status.ok()) member = std::move(value);
  return true;
}

Result<const backend::Backend*> backend_of(const GenerateOptions& options) {
  if (const backend::Backend* backend = backend::backend_named(options.backend)) return backend;
  std::vector<std::string_view> names;
  for (const backend::Backend& each : backend::backends()) names.push_back(each.name);
  return Error::usage(
      fmt::format("--backend: {}", there_is_no("back end", options.backend, names)));
}

}  // namespace

std::vector<OptionInfo> option_table() {
  const GenerateOptions defaults;
  std::vector<OptionInfo> table;
#define OPTION(type, name, value, part, argument, help)                                         \
  table.push_back({flag_name(#name), argument, std::string(help) + default_text(defaults.name), \
                   OptionPart::part, std::is_same_v<type, Names>});
#include "generate/options.def"
#undef OPTION
  return table;
}

Status set_option(GenerateOptions& options, std::string_view name,
                  std::span<const std::string> values) {
  Status status;
#define OPTION(type, member, value, part, argument, help)                       \
  if (set_if(name, #member, values, options.member, status)) {                  \
    if (status.ok()) return status;                                             \
    return Error::usage(fmt::format("--{}: {}", name, status.error().message)); \
  }
#include "generate/options.def"
#undef OPTION
  return Error::usage(fmt::format("there is no option --{}", name));
}

Status check_names(GenerateOptions& options) {
  if (options.max_rank > 4)
    return Error::usage(fmt::format("--max-rank {}: ranks go from 0 to 4", options.max_rank));
  if (!from_word<plan::SizeClass>(options.size))
    return Error::usage(
        fmt::format("--size: {}", there_is_no("size", options.size, kWords<plan::SizeClass>)));
  JAXSMITH_TRY(backend, backend_of(options));
  std::vector<std::string_view> categories;
  for (const plan::CategoryProfile& profile : backend->catalogue().categories())
    categories.push_back(profile.name);
  const trace::WorkerSpec& worker = backend->worker();
  std::vector<std::string_view> levels;
  for (const level::Level level : worker.levels) levels.push_back(level::name_of(level));
  JAXSMITH_CHECK(canonical("categories", "category", options.categories, categories));
  std::vector<std::string_view> idioms;
  for (const plan::Op& op : backend->catalogue().ops())
    if (op.has(plan::kWritten)) idioms.push_back(op.name);
  if (!options.idioms.empty()) JAXSMITH_CHECK(canonical("idioms", "idiom", options.idioms, idioms));
  // As NumPy writes them, too.
  for (std::string& name : options.dtypes)
    if (const auto dtype = tensor::dtype_from_numpy_name(name)) name = tensor::jaxpr_name(*dtype);
  JAXSMITH_CHECK(canonical("dtypes", "element type", options.dtypes, kDTypeNames));
  if (!options.levels.empty()) options.levels.emplace_back(level::name_of(worker.structure_level));
  JAXSMITH_CHECK(canonical("levels", "level", options.levels, levels));
  return {};
}

Status check_options(GenerateOptions& options) {
  if (options.out.empty())
    return Error::usage("--out is missing: name the folder that the dataset goes to");
  if (options.count == 0) return Error::usage("--count 0 makes no dataset: give 1 or more");
  if (options.count > 1'000'000'000)
    return Error::usage("--count: more than 1000000000 functions do not fit one dataset");
  if (options.workers > 1024)
    return Error::usage("--workers: more than 1024 workers are not started");
  if (options.redo < 0 || options.redo > 100) {
    return Error::usage(fmt::format("--redo {}: a share goes from 0 to 100 percent", options.redo));
  }
  if (options.max_inert < 0 || options.max_inert > 1)
    return Error::usage(fmt::format("--max-inert {}: a share goes from 0 to 1", options.max_inert));
  if (options.rows_per_shard == 0)
    return Error::usage("--rows-per-shard: a file holds 1 row or more");
  if (options.time_limit < 1) return Error::usage("--time-limit: give 1 second or more");
  if (options.flush < 0)
    return Error::usage("--flush: seconds are 0 or more; 0 writes after each chunk");
  if (options.memory_limit < 1024) {
    return Error::usage("--memory-limit: a worker needs 1024 MB or more for JAX alone");
  }
  const auto difficulty = check::difficulty_range(options.difficulty);
  if (!difficulty.ok())
    return Error::usage(fmt::format("--difficulty: {}", difficulty.error().message));
  options.difficulty = difficulty.value().text();
  JAXSMITH_CHECK(check_names(options));
  if (options.exact) options.redo = 100;
  options.exact = options.redo == 100;
  return {};
}

plan::PlanOptions plan_options(const GenerateOptions& options) {
  plan::PlanOptions out;
  const backend::Backend& backend = *backend::backend_named(options.backend);
  out.catalogue = &backend.catalogue();
  out.devices = backend.worker().devices;
  const auto categories = out.catalogue->categories();
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto& wanted = options.categories;
    if (std::find(wanted.begin(), wanted.end(), categories[i].name) != wanted.end())
      out.categories.push_back(static_cast<plan::Category>(i));
  }
  out.idioms = options.idioms;
  // Programs that begin with one are of its category.
  if (!options.idioms.empty()) {
    std::set<plan::Category> used;
    for (const std::string& name : options.idioms) used.insert(out.catalogue->named(name).category);
    std::erase_if(out.categories, [&](plan::Category c) { return !used.contains(c); });
    if (out.categories.empty()) out.categories.assign(used.begin(), used.end());
  }
  for (const std::string& name : options.dtypes) {
    if (const auto dtype = tensor::dtype_from_jaxpr_name(name)) out.dtypes.push_back(*dtype);
  }
  out.max_rank = static_cast<int>(options.max_rank);
  out.weights = options.weights;
  out.size = from_word<plan::SizeClass>(options.size).value_or(plan::SizeClass::kMix);
  return out;
}

check::DifficultyRange wanted_difficulty(const GenerateOptions& options) {
  const auto range = check::difficulty_range(options.difficulty);
  return range.ok() ? range.value() : check::DifficultyRange{};
}

std::vector<level::Level> levels_of(const GenerateOptions& options) {
  std::vector<level::Level> out;
  for (const std::string& name : options.levels)
    if (const auto level = level::find_level(name)) out.push_back(*level);
  return out;
}

nlohmann::ordered_json dataset_options(const GenerateOptions& options) {
  nlohmann::ordered_json json;
#define OPTION(type, name, value, part, argument, help) \
  if (OptionPart::part == OptionPart::kDataset) json[#name] = options.name;
#include "generate/options.def"
#undef OPTION
  // Datasets that were made before there was a choice are those of the first.
  if (options.backend == backend::backends().front().name) json.erase("backend");
  if (!options.fitted_to.empty()) json["fitted_to"] = options.fitted_to;
  return json;
}

}  // namespace jaxsmith::generate
