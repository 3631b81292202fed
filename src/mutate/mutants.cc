#include "mutate/mutants.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "base/threads.h"

namespace jaxsmith::mutate {

using level::Level;
using score::Reference;
using score::Verdict;

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

using Precisions = std::map<Level, tensor::DType>;

// One text of a row, and its mutants.
class TextMutants {
 public:
  TextMutants(const store::DatasetRow& row, Level level, Result<check::IrProgram>& own,
              const Precisions& precisions, const MutateOptions& options)
      : row_(row),
        level_(level),
        own_(own),
        precisions_(precisions),
        text_(row.levels.at(level)),
        options_(options),
        scoring_{.budget = options.budget, .seed = options.seed},
        reference_(Reference::make(row, level, scoring_, own)) {}

  void make(RowMutants& out) {
    drops_ = &out.drops[level_];
    if (!reference_.not_gradable().empty()) return drop(Drop::kNotGradable);
    if (own_.value().print() != text_) return drop(Drop::kNotPrinted);
    seen_.insert(text_);
    for (std::int64_t number = 0; number < options_.per_row; ++number)
      for (std::int64_t draw = 0; draw < kMostDraws; ++draw) {
        auto mutant = drawn(number, draw);
        if (exhausted_) return;
        if (!mutant || !judge(*mutant)) continue;
        out.mutants.push_back(std::move(*mutant));
        break;
      }
  }

 private:
  void drop(Drop why) { ++(*drops_)[why]; }
  bool dropped(Drop why) {
    drop(why);
    return false;
  }

  std::optional<Mutant> drawn(std::int64_t number, std::int64_t draw) {
    Random random = Random(hash64(row_.id), options_.seed)
                        .fork(fmt::format("{} {} {}", level::name_of(level_), number, draw));
    auto mutated = own_.value().mutated(random);
    exhausted_ = !mutated;
    if (!mutated) {
      drop(Drop::kNoPlace);
      return std::nullopt;
    }
    Mutant out;
    out.level = level_;
    out.number = number;
    out.draw = draw;
    out.change = std::move(mutated->change);
    out.text = std::move(mutated->text);
    if (!seen_.insert(out.text).second) {
      drop(Drop::kTwin);
      return std::nullopt;
    }
    out.lines = line_change(text_, out.text);
    return out;
  }

  // Whether there is a finding: as of a prediction, and where that misses, as of a row's own text,
  // which may differ by more.
  bool judge(Mutant& mutant) {
    const Verdict v =
        score::grade({row_.id, level_, mutant.text, mutant.number}, reference_, scoring_);
    if (v.unsupported) return dropped(Drop::kUnsupported);
    if (v.over_budget) return dropped(Drop::kOverBudget);
    if (!v.parses) return dropped(Drop::kNotRead);
    if (!v.verifies) return dropped(Drop::kNotVerified);
    if (!v.signature) return dropped(Drop::kOtherTypes);
    mutant.canonical = v.canonical;
    mutant.cases = v.canonical ? 0 : v.cases_passed + (v.runs ? 1 : 0);
    if (v.agrees) return true;
    if (!v.miss) return dropped(Drop::kNotRun);
    mutant.finding = Finding::kDifferent;
    mutant.miss = v.miss;
    mutant.difference = v.reason;
    if (v.miss->inputs > 0) ++mutant.cases;
    return confirm(mutant);
  }

  // The case on which a mutant missed, with what is right there.
  check::ExecutionCase case_of(std::size_t inputs) const {
    check::ExecutionCase out{row_.constants,      row_.inputs,    row_.outputs,
                             row_.kept_arguments, row_.equations, precisions_};
    if (inputs == 0) return out;
    // The arguments of a text are all that it takes: constants and what was left out are done with.
    const score::GradedCase& further = reference_.cases()[inputs];
    out.constants.clear();
    out.inputs.clear();
    for (const ir::Datum& d : further.arguments) out.inputs.push_back(d.as_array().tensor());
    out.kept.resize(out.inputs.size());
    std::iota(out.kept.begin(), out.kept.end(), 0);
    out.outputs.clear();
    for (const tensor::Array& a : further.results) out.outputs.push_back(a.tensor());
    return out;
  }

  bool confirm(Mutant& mutant) {
    const check::ExecutionCase shown = case_of(mutant.miss->inputs);
    auto program = check::IrProgram::parse(level_, mutant.text);
    if (!program.ok() || !program.value().verify().ok()) return dropped(Drop::kNotVerified);
    check::Reading reading;
    const auto results = check::execute_case(program.value(), shown, options_.budget, reading);
    if (!results.ok()) return dropped(Drop::kNotRun);
    if (reading.agrees || as_without(shown, program.value(), mutant.miss->result))
      return dropped(Drop::kWithinRounding);
    if (mutant.miss->inputs > 0) mutant.inputs = shown.inputs;
    return true;
  }

  // Whether the text as it was gives this result too, in plain runs of both: where its own lies at
  // the edge of what is allowed, a change is not what took it over.
  bool as_without(const check::ExecutionCase& shown, check::IrProgram& changed, std::size_t which) {
    const auto result = [&](check::IrProgram& of) -> std::optional<tensor::Tensor> {
      const auto results = of.run(shown.arguments(level_), options_.budget);
      if (!results.ok() || which >= results.value().size()) return std::nullopt;
      const ir::Datum& found = results.value()[which];
      if (found.kind == ir::Datum::Kind::kTuple) return std::nullopt;  // of several devices
      return found.as_array().tensor();
    };
    const auto own = result(own_.value());
    return own && own == result(changed);
  }

  const store::DatasetRow& row_;
  const Level level_;
  Result<check::IrProgram>& own_;  // the text as it is
  const Precisions& precisions_;
  const std::string& text_;
  const MutateOptions& options_;
  const score::ScoreOptions scoring_;
  const Reference reference_;
  Drops* drops_ = nullptr;
  std::set<std::string> seen_;
  bool exhausted_ = false;  // there is no place
};

// The texts that are wanted, and those that their precision is told by (check::precisions_of).
// Where reading one throws, for want of memory, the others are read all the same.
template <class Wanted>
check::Programs programs_of(const store::DatasetRow& row, Wanted wanted) {
  check::Programs out;
  for (const auto& [level, text] : row.levels) {
    const bool tells = level == level::structure_level() || level == level::run_level();
    if (!level::row_of(level).parse || (!tells && !wanted(level))) continue;
    out.emplace(level, guarded([&, level = level, &text = text] {
                  return check::IrProgram::parse(level, text);
                }));
  }
  return out;
}

}  // namespace

bool can_be_changed(Level level) {
  const ir::LevelRow& row = level::row_of(level);
  return row.parse && row.prints && row.verifies && row.executes;
}

LineChange line_change(std::string_view before, std::string_view after) {
  const auto a = lines_of(before), b = lines_of(after);
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t first = 0, last = 0;  // alike from the beginning, and from the end
  while (first < shorter && a[first] == b[first]) ++first;
  while (last < shorter - first && a[a.size() - 1 - last] == b[b.size() - 1 - last]) ++last;
  LineChange out;
  out.line = static_cast<std::int64_t>(first) + 1;
  const auto between = [&](const std::vector<std::string_view>& lines) {
    return fmt::format("{}", fmt::join(lines.begin() + static_cast<std::ptrdiff_t>(first),
                                       lines.end() - static_cast<std::ptrdiff_t>(last), "\n"));
  };
  out.before = between(a);
  out.after = between(b);
  const auto differs = std::ranges::mismatch(out.before, out.after);
  out.column = differs.in1 - out.before.begin() + 1;
  return out;
}

RowMutants mutants_of(const store::DatasetRow& row, const MutateOptions& options) {
  RowMutants out;
  const auto wanted = [&](Level level) {
    const auto& of = options.levels;
    return can_be_changed(level) && (of.empty() || std::ranges::find(of, level) != of.end());
  };
  check::Programs programs = programs_of(row, wanted);
  const Precisions precisions = check::precisions_of(programs);
  for (auto& [level, program] : programs) {
    if (!wanted(level)) continue;
    TextMutants(row, level, program, precisions, options).make(out);
  }
  return out;
}

}  // namespace jaxsmith::mutate
