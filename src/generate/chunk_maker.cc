#include "generate/chunk_maker.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "backend/backend.h"
#include "base/hash.h"
#include "check/check.h"
#include "check/derivative.h"
#include "check/reading.h"
#include "check/redo.h"
#include "check/relevance.h"
#include "generate/cpu_clock.h"
#include "source/render.h"

namespace jaxsmith::generate {
namespace {

trace::TracerOptions tracer_options(const GenerateOptions& options,
                                    const trace::Installation& installation) {
  trace::TracerOptions out;
  out.worker = backend::backend_named(options.backend)->worker();
  out.python = installation.python;
  out.python_path = installation.python_path;
  out.allocator = installation.allocator;
  out.function_seconds = options.time_limit;
  out.memory_bytes = static_cast<std::int64_t>(options.memory_limit) << 20;
  out.levels = levels_of(options);
  return out;
}

// The further cases that a row may record.
std::vector<check::Case> candidate_cases(const check::Sample& s) {
  std::vector<check::Case> out;
  for (const trace::CaseOutputs& each : s.outcome.cases)
    if (std::ranges::all_of(each.outputs, check::all_finite))
      out.push_back({s.function.inputs[each.set], each.outputs});
  return out;
}

// Sets inert and further_cases.
void choose_cases(check::Sample& s, check::Programs& programs,
                  const check::ExecutionCase& recorded) {
  std::vector<check::Case> candidates = candidate_cases(s);
  const auto choice =
      check::choose_cases(programs, recorded, candidates, s.function.runtime.devices);
  s.inert = choice.inert;
  for (const std::size_t i : choice.chosen) s.further_cases.push_back(std::move(candidates[i]));
  // A row waits until its segment is written: what it does not record goes.
  s.function.inputs.resize(1);
  s.function.cases.clear();
  s.outcome.cases.clear();
}

// From here on the set that is recorded is the first.
void put_recorded_first(source::Function& function, trace::Outcome& outcome) {
  if (outcome.recorded == 0) return;
  std::swap(function.inputs[0], function.inputs[outcome.recorded]);
  outcome.recorded = 0;
}

std::vector<check::CheckResult> check_programs(check::Sample& s, check::Programs& programs) {
  const std::vector<tensor::Tensor>& inputs = s.function.inputs[0];
  check::ExecutionCase recorded{s.outcome.constants, inputs,
                                s.outcome.outputs,   {},
                                s.sizes.equations,   check::precisions_of(programs)};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    recorded.kept.push_back(static_cast<std::int64_t>(i));  // with an unused one it is refused
  choose_cases(s, programs, recorded);
  recorded.further = s.further_cases;
  std::vector<check::CheckResult> out = check::reading_checks(programs, &recorded);
  const auto run = programs.find(level::run_level());
  if (run == programs.end()) return out;
  std::optional<check::IrProgram> program;
  if (run->second.ok()) program = std::move(run->second).value();
  if (auto derivative = check::check_derivatives(s.function, std::move(program)))
    out.push_back(std::move(*derivative));
  return out;
}

// Of a refused function only its structure is wanted.
check::Programs programs_of(const trace::Outcome& outcome, bool refused, level::Level structure) {
  level::Texts texts = outcome.levels;
  if (refused) std::erase_if(texts, [&](const auto& entry) { return entry.first != structure; });
  return check::read_texts(texts);
}

}  // namespace

bool is_redone(const source::FunctionKey& key, double percent) {
  constexpr std::uint64_t kSalt =
      0x7265646f;  // so that this draw has nothing in common with others by the key
  return 100 * hash_unit(source::function_id(key), kSalt) < percent;
}

ChunkMaker::ChunkMaker(const GenerateOptions& options, const trace::Installation& installation)
    : options_(options),
      plan_options_(plan_options(options)),
      wanted_(wanted_difficulty(options)),
      structure_level_(backend::backend_named(options.backend)->worker().structure_level),
      fast_(tracer_options(options, installation)),
      plain_(tracer_options(options, installation)) {}

Result<ChunkResult> ChunkMaker::make(std::uint64_t chunk, const std::atomic<bool>& cancel) {
  std::vector<source::Function> functions;
  {
    const CpuTimer timer(cpu_.plan);
    functions = source::chunk_functions(plan_options_, options_.seed, chunk);
  }
  return judge(chunk, std::move(functions), cancel);
}

Result<ChunkResult> ChunkMaker::judge(std::uint64_t chunk, std::vector<source::Function> functions,
                                      const std::atomic<bool>& cancel) {
  ChunkResult result{chunk, {}, 0};
  if (functions.empty()) return result;
  JAXSMITH_TRY(outcomes, fast_.trace(chunk, functions, trace::Route::kChunk, cancel));
  std::vector<std::optional<trace::Refusal>> refusals(functions.size());
  {
    const CpuTimer timer(cpu_.check);
    for (std::size_t i = 0; i < functions.size(); ++i) {
      put_recorded_first(functions[i], outcomes[i]);
      refusals[i] = outcomes[i].ok ? check::check(functions[i], outcomes[i], structure_level_)
                                   : outcomes[i].refusal;
    }
  }
  JAXSMITH_CHECK(redo(chunk, functions, outcomes, refusals, cancel, result.redone));
  const CpuTimer timer(cpu_.check);
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const bool redone = is_redone(functions[i].key, options_.redo);
    check::Programs programs = programs_of(outcomes[i], refusals[i].has_value(), structure_level_);
    check::Candidate candidate =
        check::make_candidate(std::move(functions[i]), std::move(outcomes[i]),
                              std::move(refusals[i]), programs, structure_level_);
    if (auto* sample = std::get_if<check::Sample>(&candidate)) {
      // Of what nobody wants nothing more need be known.
      auto refusal = check::check_difficulty(sample->difficulty, wanted_);
      if (!refusal) {
        sample->checks = check::passed_checks(redone);
        const auto readings = check_programs(*sample, programs);
        sample->checks.insert(sample->checks.end(), readings.begin(), readings.end());
        refusal = check::refusal_of(readings);
      }
      if (!refusal) refusal = check::check_inert(sample->inert, options_.max_inert);
      if (refusal) candidate = check::make_reject(sample->function, *refusal, sample->kinship);
    }
    result.candidates.push_back(std::move(candidate));
  }
  return result;
}

Status ChunkMaker::redo(std::uint64_t chunk, const std::vector<source::Function>& functions,
                        const std::vector<trace::Outcome>& outcomes,
                        std::vector<std::optional<trace::Refusal>>& refusals,
                        const std::atomic<bool>& cancel, std::uint64_t& redone) {
  std::vector<source::Function> sample;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    if (refusals[i] || !is_redone(functions[i].key, options_.redo)) continue;
    sample.push_back(functions[i]);
    positions.push_back(i);
  }
  if (sample.empty()) return {};
  JAXSMITH_TRY(again, plain_.trace(chunk, sample, trace::Route::kPlain, cancel));
  const CpuTimer timer(cpu_.check);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    refusals[positions[i]] = check::compare_redo(sample[i], outcomes[positions[i]], again[i]);
  }
  redone = sample.size();
  return {};
}

CpuSeconds ChunkMaker::cpu() const {
  CpuSeconds out = cpu_;
  out.workers = fast_.cpu_seconds() + plain_.cpu_seconds();
  return out;
}

}  // namespace jaxsmith::generate
