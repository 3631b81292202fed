#include "stats/measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/hash.h"
#include "base/portable_math.h"
#include "check/program.h"
#include "ir/common/windows.h"
#include "stats/rows.h"

namespace jaxsmith::stats {
namespace {

constexpr std::int64_t kLongAxis = 16;

// What a function has that is called after its category: primitives, or words of the source.
struct Promise {
  std::string_view category;
  std::vector<std::string_view> primitives, words;
};

const std::vector<Promise>& promises() {
  static const std::vector<Promise> kPromises = {
      {"loop", {"scan", "while"}, {"scan", "while_loop", "fori_loop", "lax.map"}},
      {"conditional", {"cond"}, {"lax.cond", "lax.switch"}},
      {"linear_algebra",
       {"dot_general", "cholesky", "triangular_solve", "lu", "qr", "svd", "eigh", "eig",
        "custom_linear_solve"},
       {}},
      {"indexing",
       {"gather", "scatter", "scatter-add", "scatter-mul", "scatter-min", "scatter-max",
        "dynamic_slice", "dynamic_update_slice", "slice", "sort", "argmax", "argmin"},
       {}},
      {"reduction",
       {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "argmax", "argmin", "cumsum",
        "cumprod", "cummax", "cummin", "cumlogsumexp", "reduce_and", "reduce_or", "sort"},
       {}},
      {"gradient", {}, {"grad", "jvp", "vjp", "jac", "hessian", "linearize"}},
      {"vectorization", {}, {"vmap", "pmap", "vectorize", "shard_map", "lax.map"}},
  };
  return kPromises;
}

const Promise* promise_of(std::string_view category) {
  for (const Promise& p : promises())
    if (p.category == category) return &p;
  return nullptr;
}

void keep_promise(const store::DatasetRow& row, const ir::OpCounts& primitives, RowMeasures& out) {
  const Promise* promise = promise_of(row.category);
  if (!promise) return;
  for (const std::string_view p : promise->primitives)
    out.in_jaxpr |= primitives.contains(std::string(p));
  for (const std::string_view w : promise->words)
    out.in_source |= row.description.source.find(w) != std::string::npos;
}

Status read_program(const store::DatasetRow& row, RowMeasures& out) {
  const auto text = row.levels.find(level::structure_level());
  if (text == row.levels.end()) return Error::environment("it has none");
  JAXSMITH_TRY(program, check::IrProgram::parse(text->first, text->second));
  JAXSMITH_TRY(flow, program.flow());
  JAXSMITH_TRY(glue, program.glue());
  out.glue = glue;
  out.operations = std::move(flow.operations);
  for (const auto& [from, to] : flow.pairs) ++out.pairs[from + " > " + to];
  for (const ir::ValueType& type : flow.results) {
    ++out.dtypes[std::string(type.dtype)];
    ++out.ranks[type.is_array ? std::to_string(type.shape.size()) : "none"];
    for (const std::int64_t n : type.shape) {
      ++out.axes;
      out.axes_over_16 += n > kLongAxis;
    }
  }
  out.sizes.extent = flow.extent;
  keep_promise(row, program.op_counts(), out);
  return {};
}

RowMeasures read_row(const store::DatasetRow& row) {
  RowMeasures out;
  const store::Description& d = row.description;
  out.id = row.id;
  out.family = d.family.empty() ? row.id : d.family;
  out.category = row.category;
  out.split = d.split;
  out.structure = d.structure;
  out.callable = d.callable;
  out.member = d.member;
  const source::PythonTokens tokens = source::python_tokens(d.source);
  out.sizes.equations = row.equations;
  out.sizes.tokens = source::count_tokens(tokens);
  out.read = row.problem.empty() && read_program(row, out).ok();
  out.results = results_of(row.inputs, row.outputs);
  out.cases = row.outputs.empty() ? 0 : 1 + static_cast<std::int64_t>(row.further_cases.size());
  out.difficulty = check::difficulty_of(out.sizes);
  out.source = measures_of(tokens);
  out.bytes["source"] = static_cast<std::int64_t>(d.source.size());
  for (const auto& [level, text] : row.levels)
    out.bytes[std::string(level::name_of(level))] = static_cast<std::int64_t>(text.size());
  return out;
}

double share(double part, double of) { return of > 0 ? part / of : 0; }

class Writer {
 public:
  explicit Writer(Figures& out) : out_(out) {}
  void begin(std::string group) { group_ = std::move(group); }
  void count(std::string name, double value) { add(std::move(name), value, Form::kCount); }
  void number(std::string name, double value) { add(std::move(name), value, Form::kNumber); }
  void share(std::string name, double part, double of) {
    add(std::move(name), stats::share(part, of), Form::kShare);
  }
  void quantiles(const std::string& name, std::vector<double> values) {
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    for (const auto& [label, p] : kQuantiles) number(name + ", " + label, quantile(values, p));
  }

 private:
  static constexpr std::pair<const char*, double> kQuantiles[] = {
      {"lower quartile", 0.25}, {"median", 0.5}, {"upper quartile", 0.75}, {"95 %", 0.95}};

  // Between two values in proportion.
  static double quantile(const std::vector<double>& sorted, double p) {
    const double at = p * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
  }
  void add(std::string name, double value, Form form) {
    out_.push_back({group_, std::move(name), value, form});
  }

  Figures& out_;
  std::string group_;
};

template <class Get>
std::vector<double> values(const std::vector<RowMeasures>& rows, Get get) {
  std::vector<double> out;
  for (const RowMeasures& r : rows)
    if (r.read) out.push_back(static_cast<double>(get(r)));
  return out;
}

double sum(const Counts& counts) {
  double out = 0;
  for (const auto& [key, n] : counts) out += n;
  return out;
}

Counts pooled(const std::vector<RowMeasures>& rows, Counts RowMeasures::* counts) {
  Counts out;
  for (const RowMeasures& r : rows)
    for (const auto& [key, n] : r.*counts) out[key] += n;
  return out;
}

void sizes(const Measures& m, Writer& w) {
  w.begin("sizes");
  w.quantiles("equations", values(m.rows, [](const auto& r) { return r.sizes.equations; }));
  w.quantiles("operations", values(m.rows, [](const auto& r) { return r.operations.size(); }));
  w.quantiles("distinct operations",
              values(m.rows, [](const auto& r) { return r.sizes.extent->distinct_operations; }));
  w.quantiles("longest way through them",
              values(m.rows, [](const auto& r) { return r.sizes.extent->depth; }));
  w.quantiles("tokens of the source", values(m.rows, [](const auto& r) { return r.sizes.tokens; }));
  std::array<double, 4> nesting{};
  check::DifficultyCounts difficulty;
  double read = 0;
  for (const RowMeasures& r : m.rows) {
    if (!r.read) continue;
    ++read;
    ++nesting[static_cast<std::size_t>(std::min<std::int64_t>(r.sizes.extent->nesting, 3))];
    difficulty.add(r.difficulty);
  }
  w.begin("nesting of control flow");
  for (std::size_t i = 0; i < nesting.size(); ++i)
    w.share(i < 3 ? std::to_string(i) : "3 and more", nesting[i], read);
  w.begin("difficulty");
  for (int d = check::kEasiest; d <= check::kHardest; ++d)
    w.share(std::to_string(d), static_cast<double>(difficulty.of(d)), read);
}

void types(const Measures& m, Writer& w) {
  w.begin("values of jaxprs");
  const Counts dtypes = pooled(m.rows, &RowMeasures::dtypes);
  const Counts ranks = pooled(m.rows, &RowMeasures::ranks);
  double integers = 0, axes = 0, long_axes = 0;
  for (const auto& [dtype, n] : dtypes) {
    const auto known = tensor::dtype_from_jaxpr_name(dtype);
    if (known && tensor::is_integer(*known)) integers += n;
  }
  for (const RowMeasures& r : m.rows) {
    axes += static_cast<double>(r.axes);
    long_axes += static_cast<double>(r.axes_over_16);
  }
  const auto scalars = ranks.find("0");
  w.share("of rank 0", scalars == ranks.end() ? 0 : scalars->second, sum(ranks));
  w.share("integers", integers, sum(dtypes));
  w.share("axes over 16", long_axes, axes);
  w.begin("element types");
  for (const auto& [dtype, n] : dtypes) w.share(dtype, n, sum(dtypes));
  w.begin("ranks");
  for (const auto& [rank, n] : ranks) w.share(rank, n, sum(ranks));
}

void purpose(const Measures& m, Writer& w) {
  ir::Glue glue;
  double read = 0, joining = 0, large = 0, constant = 0, half = 0, copy = 0;
  double guarded = 0, plus = 0, clip = 0, cases = 0, several = 0;
  for (const RowMeasures& r : m.rows) {
    read += r.read;
    glue.elementwise += r.glue.elementwise;
    glue.joining += r.glue.joining;
    joining += r.glue.joining > 0;
    large += r.results.large;
    constant += r.results.constant;
    half += r.results.half;
    copy += r.results.copy;
    cases += static_cast<double>(r.cases);
    several += r.cases > 1;
    plus += r.source.plus_constant > 0;
    clip += r.source.clip_to_constants > 0;
    guarded += r.source.plus_constant + r.source.clip_to_constants > 0;
  }
  const auto rows = static_cast<double>(m.rows.size());
  w.begin("glue");
  w.share("of elementwise operations", static_cast<double>(glue.joining),
          static_cast<double>(glue.elementwise));
  w.share("rows", joining, read);
  w.begin("guards, rows");
  w.share("any", guarded, rows);
  w.share("plus a constant", plus, rows);
  w.share("clip to constants", clip, rows);
  w.begin("outputs, rows");
  w.count("with one of 4 elements and more", large);
  w.share("constant", constant, large);
  w.share("half or more one value", half, large);
  w.share("copy or negation of an input", copy, large);
  w.begin("cases");
  w.count("recorded", cases);
  w.share("rows of several", several, rows);
}

void fidelity(const Measures& m, Writer& w) {
  std::map<std::string, std::array<double, 3>> by;  // rows, in the jaxpr, in the source
  for (const RowMeasures& r : m.rows) {
    auto& counts = by[r.category];
    ++counts[0];
    counts[1] += r.in_jaxpr;
    counts[2] += r.in_source;
  }
  w.begin("categories");
  for (const auto& [category, counts] : by)
    if (!category.empty()) w.count(category, counts[0]);
  w.begin("category fidelity");
  for (const Promise& p : promises()) {
    const auto found = by.find(std::string(p.category));
    if (found == by.end()) continue;
    const std::string name(p.category);
    if (!p.primitives.empty()) w.share(name + ", jaxpr", found->second[1], found->second[0]);
    if (!p.words.empty()) w.share(name + ", source", found->second[2], found->second[0]);
  }
}

// One row of each family, in an order that has nothing to do with what they are.
std::vector<const RowMeasures*> roots_of(const Measures& m) {
  std::map<std::string, const RowMeasures*> roots;
  for (const RowMeasures& r : m.rows) {
    const auto [at, added] = roots.emplace(r.family, &r);
    if (!added && r.member < at->second->member) at->second = &r;
  }
  std::vector<std::pair<std::uint64_t, const RowMeasures*>> order;
  for (const auto& [family, row] : roots) order.emplace_back(hash64(family), row);
  std::sort(order.begin(), order.end());
  std::vector<const RowMeasures*> out;
  for (const auto& [key, row] : order) out.push_back(row);
  return out;
}

void sources(const Measures& m, Writer& w) {
  const auto roots = roots_of(m);
  std::set<std::string> words, lines, patterns;
  std::map<std::string, double> forms;
  double tokens = 0, functions = 0, documented = 0, commented = 0, form_count = 0, repeated = 0;
  std::vector<std::pair<double, double>> at = {{1e5, 0}, {3e5, 0}, {7e5, 0}};
  for (const RowMeasures* r : roots) {
    const PythonMeasures& s = r->source;
    tokens += static_cast<double>(s.tokens);
    words.insert(s.identifiers.begin(), s.identifiers.end());
    for (auto& [budget, distinct] : at)
      if (distinct == 0 && tokens >= budget) distinct = static_cast<double>(words.size());
    functions += static_cast<double>(s.functions);
    documented += static_cast<double>(s.docstrings.size());
    lines.insert(s.docstrings.begin(), s.docstrings.end());
    for (const std::string& line : s.docstrings) patterns.insert(docstring_pattern(line));
  }
  for (const RowMeasures& r : m.rows) {
    commented += r.source.comments > 0;
    for (const std::string& form : r.source.forms) ++forms[form];
  }
  for (const auto& [form, n] : forms) {
    form_count += n;
    if (n >= 5) repeated += n;
  }
  w.begin("sources, one row a family");
  w.count("tokens", tokens);
  w.count("distinct identifiers", static_cast<double>(words.size()));
  for (const auto& [budget, distinct] : at)
    if (distinct > 0)
      w.count("distinct identifiers in " + std::to_string(static_cast<int>(budget)) + " tokens",
              distinct);
  w.share("functions with a docstring", documented, functions);
  w.count("docstrings' first lines", static_cast<double>(lines.size()));
  w.count("docstrings' patterns", static_cast<double>(patterns.size()));
  w.begin("sources");
  w.share("functions of a form met 5 times and more", repeated, form_count);
  w.share("rows with a comment", commented, static_cast<double>(m.rows.size()));
}

void lengths(const Measures& m, Writer& w) {
  std::map<std::string, std::vector<double>> by;
  for (const RowMeasures& r : m.rows)
    for (const auto& [text, bytes] : r.bytes)
      by[text].push_back(std::ceil(static_cast<double>(bytes) / 3));
  w.begin("tokens, at 3 bytes each");
  for (auto& [text, counts] : by) w.quantiles(text, std::move(counts));
}

void repeats(const Measures& m, Writer& w) {
  std::map<std::string, double> structures;
  std::vector<ir::Windows> windows;
  windows.reserve(m.rows.size());  // what refers to them stays where it is
  std::vector<Function> functions;
  std::vector<bool> held_back;
  for (const RowMeasures& r : m.rows) {
    if (!r.read) continue;
    ++structures[r.structure];
    windows.push_back(ir::windows_of(r.operations));
    functions.push_back({windows.back(), r.family, r.split == "train"});
    held_back.push_back(r.split != "train" && !r.split.empty());
  }
  const Neighbours found = neighbours_of(functions);
  std::array<double, 3> any{}, leaked{};
  double held = 0, sharing = 0, clusters = 0;
  constexpr std::array<double, 3> kFrom = {0.8, 0.9, 0.9999};
  for (std::size_t i = 0; i < functions.size(); ++i) {
    held += held_back[i];
    clusters += found.cluster[i] == i;
    for (std::size_t k = 0; k < kFrom.size(); ++k) {
      any[k] += found.nearest[i].any >= kFrom[k];
      leaked[k] += held_back[i] && found.nearest[i].training >= kFrom[k];
    }
  }
  for (const auto& [structure, n] : structures) sharing += n > 1 ? n : 0;
  const auto n = static_cast<double>(functions.size());
  constexpr std::array<const char*, 3> kNames = {"0.8 and more", "0.9 and more", "equal"};
  w.begin("structures");
  w.count("distinct", static_cast<double>(structures.size()));
  w.share("rows that share one", sharing, n);
  w.begin("rows with a neighbour in another family");
  for (std::size_t k = 0; k < kFrom.size(); ++k) w.share(kNames[k], any[k], n);
  w.count("clusters at 0.8", clusters);
  if (held == 0) return;
  w.begin("rows of other splits with a neighbour in train");
  w.count("rows", held);
  for (std::size_t k = 0; k < kFrom.size(); ++k) w.share(kNames[k], leaked[k], held);
}

// Counts of all rows together, and with every row weighing the same.
struct Distribution {
  Counts all, even;

  void add(const Counts& row) {
    const double n = sum(row);
    for (const auto& [key, count] : row) {
      all[key] += count;
      even[key] += count / n;
    }
  }
};

using RowCounts = Counts (*)(const RowMeasures&);

Counts operations_of(const RowMeasures& r) {
  Counts out;
  for (const std::string& op : r.operations) ++out[op];
  return out;
}
Counts pairs_of(const RowMeasures& r) {
  return r.pairs.empty() ? Counts{{"none > none", 1}} : r.pairs;
}
Counts dtypes_of(const RowMeasures& r) { return r.dtypes; }
Counts ranks_of(const RowMeasures& r) { return r.ranks; }

// `half`: all rows, or those whose digest is even or odd.
Distribution distribution(const Measures& m, RowCounts counts, int half = -1) {
  Distribution out;
  for (const RowMeasures& r : m.rows)
    if (r.read && !r.operations.empty() &&
        (half < 0 || static_cast<int>(hash64(r.id) & 1U) == half))
      out.add(counts(r));
  return out;
}

}  // namespace

bool is_written(std::string_view callable) {
  constexpr std::array<std::string_view, 5> kOwn = {"jax._src.numpy", "jax._src.random",
                                                    "jax._src.lax", "jax._src.nn", "_where"};
  return std::none_of(kOwn.begin(), kOwn.end(),
                      [&](std::string_view own) { return callable.starts_with(own); });
}

Result<Measures> measures_of(const std::string& dataset, unsigned workers, bool as_written) {
  Measures out;
  JAXSMITH_CHECK(for_rows<RowMeasures>(dataset, workers, read_row, [&](RowMeasures&& row) {
    if (as_written && !is_written(row.callable)) return;
    out.unread += !row.read;
    out.rows.push_back(std::move(row));
  }));
  return out;
}

Figures figures_of(const Measures& m) {
  Figures out;
  Writer w(out);
  std::set<std::string> families, categories;
  for (const RowMeasures& r : m.rows) {
    families.insert(r.family);
    if (!r.category.empty()) categories.insert(r.category);
  }
  w.begin("rows");
  w.count("rows", static_cast<double>(m.rows.size()));
  w.count("unread", static_cast<double>(m.unread));
  w.count("families", static_cast<double>(families.size()));
  w.count("categories", static_cast<double>(categories.size()));
  sizes(m, w);
  types(m, w);
  purpose(m, w);
  fidelity(m, w);
  sources(m, w);
  lengths(m, w);
  repeats(m, w);
  return out;
}

double divergence(const Counts& a, const Counts& b) {
  const double all_a = sum(a), all_b = sum(b);
  if (all_a == 0 || all_b == 0) return 1;
  const auto half = [](double p, double middle) {
    return p > 0 ? p * portable::log2(p / middle) : 0;
  };
  double out = 0;
  for (const auto& [key, n] : a) {
    const auto found = b.find(key);
    const double p = n / all_a, q = found == b.end() ? 0 : found->second / all_b;
    out += half(p, (p + q) / 2) + half(q, (p + q) / 2);
  }
  for (const auto& [key, n] : b)
    if (!a.contains(key)) out += half(n / all_b, n / all_b / 2);
  return out / 2;
}

Figures distances_of(const Measures& m, const Measures& against) {
  Figures out;
  Writer w(out);
  w.begin("divergence of jaxprs, bits");
  const std::pair<const char*, RowCounts> kKinds[] = {{"operations", operations_of},
                                                      {"pairs of definition and use", pairs_of},
                                                      {"element types", dtypes_of},
                                                      {"ranks", ranks_of}};
  for (const auto& [name, counts] : kKinds) {
    const Distribution a = distribution(m, counts), b = distribution(against, counts);
    const Distribution even = distribution(against, counts, 0),
                       odd = distribution(against, counts, 1);
    const std::string title = name;
    w.number(title, divergence(a.all, b.all));
    w.number(title + ", floor", divergence(even.all, odd.all));
    w.number(title + ", rows weighing the same", divergence(a.even, b.even));
    w.number(title + ", rows weighing the same, floor", divergence(even.even, odd.even));
  }
  return out;
}

}  // namespace jaxsmith::stats
