// jaxsmith shrink: the smallest program, as far as moves go, that a stage still refuses or that a
// command of the user's still finds something in.
#include "plan/shrink.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "check/sample.h"
#include "generate/chunk_maker.h"
#include "generate/options.h"
#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/planned.h"
#include "jaxsmith/signals.h"
#include "jaxsmith/user_command.h"
#include "source/render.h"
#include "store/files.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "shrink";

struct ShrinkRequest {
  generate::GenerateOptions options;
  std::uint64_t index = 0, tries = 1000;
  std::uint32_t member = 0;
  std::string refusal, command, agree;
  bool json = false;

  source::FunctionKey key() const { return {options.seed, index, member}; }
};

// ---- What is looked for ----

// A refusal by its stage, and by its reason where that is given.
struct Wanted {
  trace::Stage stage;
  std::string reason;  // empty: any

  std::string text() const {
    return fmt::format("{}{}{}", word(stage), reason.empty() ? "" : ":", reason);
  }
  bool met_by(const std::optional<trace::Refusal>& refusal) const {
    return refusal && refusal->stage == stage && (reason.empty() || refusal->reason == reason);
  }
};

// The stage check has reasons of its own; those of others are what JAX or XLA said.
Status check_reason(const std::string& reason) {
  std::vector<std::string> names;
  for (const std::string_view each : kWords<trace::Reason>) names.emplace_back(each);
  for (const std::string_view level : level::level_names()) {
    names.emplace_back(level);
    for (const std::string_view kind : kWords<check::CheckKind>)
      names.push_back(fmt::format("{}:{}", kind, level));
  }
  for (const std::string_view kind : kWords<check::CheckKind>) names.emplace_back(kind);
  if (std::ranges::find(names, reason) != names.end()) return {};
  return Error::usage(fmt::format(
      "--while: {}", there_is_no("reason of check", reason,
                                 std::vector<std::string_view>(names.begin(), names.end()))));
}

// "check", "check:unstable", "check:read:hlo"
Result<Wanted> parse_wanted(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const auto stage = from_word<trace::Stage>(name);
  if (!stage) {
    return Error::usage(
        fmt::format("--while: {}", there_is_no("stage", name, kWords<trace::Stage>)));
  }
  if (*stage == trace::Stage::kSelect) {
    return Error::usage(
        "--while: what is refused at select is so because of other functions, not for itself");
  }
  Wanted wanted{*stage, colon == text.npos ? "" : text.substr(colon + 1)};
  if (*stage == trace::Stage::kCheck && !wanted.reason.empty())
    JAXSMITH_CHECK(check_reason(wanted.reason));
  return wanted;
}

// Whether types alone decide of it, whatever numbers flow through the program.
bool types_decide(const Wanted& wanted) {
  using enum trace::Stage;
  using trace::Reason;
  switch (wanted.stage) {
    case kExec:
    case kTrace:
    case kLower:
    case kText:
    case kParse:
    case kCompile:
      return true;
    case kCheck: {
      const auto reason = from_word<Reason>(wanted.reason);
      return reason == Reason::kLevels || reason == Reason::kElided || reason == Reason::kAddress ||
             reason == Reason::kPath || reason == Reason::kType ||
             wanted.reason.starts_with(std::string(word(check::CheckKind::kRead)) + ":");
    }
    default:
      return false;
  }
}

std::string refusal_text(const std::optional<trace::Refusal>& refusal) {
  if (!refusal) return "no stage refuses it";
  return fmt::format("it is refused at {}:{}", word(refusal->stage), refusal->reason);
}

// ---- The program on its way through all stages ----

class Stages {
 public:
  // `redone`: the plain route does each function again.
  Stages(const ShrinkRequest& request, bool redone, const trace::Installation& installation)
      : options_(with_redo(request.options, redone)),
        key_(request.key()),
        maker_(options_, installation) {}

  Status start() {
    JAXSMITH_TRY(versions, maker_.start(cancelled));
    return {};
  }

  // Why the program is refused; nothing where it is not.
  Result<std::optional<trace::Refusal>> refusal_of(const plan::Member& member) {
    std::vector<source::Function> functions;
    functions.push_back(source::render(member, key_));
    JAXSMITH_TRY(judged, maker_.judge(key_.family / plan::kFamiliesPerChunk, std::move(functions),
                                      cancelled));
    const auto* reject = std::get_if<check::Reject>(&judged.candidates.front());
    return reject == nullptr ? std::nullopt : std::optional(reject->refusal);
  }

 private:
  static generate::GenerateOptions with_redo(generate::GenerateOptions options, bool redone) {
    options.redo = redone ? 100 : 0;
    return options;
  }

  generate::GenerateOptions options_;
  source::FunctionKey key_;
  generate::ChunkMaker maker_;
};

// ---- The user's command ----

// Puts the program into the folder as function.py, and what is known of it as function.json.
Result<CommandEnd> run_on(const ShrinkRequest& request, const TemporaryFolder& folder,
                          const plan::Member& member) {
  const source::Function f = source::render(member, request.key());
  const std::string path = folder.path() + "/function";
  JAXSMITH_CHECK(store::write_file(path + ".py", f.source));
  JAXSMITH_CHECK(store::write_file(path + ".json", function_json(f).dump() + "\n"));
  return run_user_command(request.command, path + ".py", request.options.time_limit, cancelled);
}

// ---- The search ----

void print_shrunk(const ShrinkRequest& request, const plan::Shrunk& shrunk,
                  const std::string& condition) {
  const source::Function f = source::render(shrunk.member, request.key());
  if (request.json) {
    nlohmann::ordered_json out = function_json(f);
    const auto size = [](const plan::ProgramMeasure& s) -> nlohmann::ordered_json {
      return {{"steps", s.steps},         {"functions", s.functions}, {"results", s.results},
              {"arguments", s.arguments}, {"packs", s.packs},         {"elements", s.elements}};
    };
    out["shrunk"] = {
        {"while", condition},      {"from", size(shrunk.from)},
        {"to", size(shrunk.size)}, {"moves", shrunk.steps},
        {"tries", shrunk.tries},   {"minimal", shrunk.end == plan::ShrinkEnd::kMinimal}};
    say("{}\n", out.dump());
  } else {
    print_function(f, "out of " + function_title(f));
  }
  tell("jaxsmith shrink: {} steps became {}, {} arguments {}, by {} moves in {} tries{}\n",
       shrunk.from.steps, shrunk.size.steps, shrunk.from.arguments, shrunk.size.arguments,
       shrunk.steps, shrunk.tries,
       shrunk.end == plan::ShrinkEnd::kTries       ? "; more --tries may go on"
       : shrunk.end == plan::ShrinkEnd::kCancelled ? "; interrupted"
                                                   : "");
}

int search(const ShrinkRequest& request, const plan::Member& member,
           const plan::Condition& condition, const std::string& what, bool by_types) {
  plan::ShrinkOptions options;
  options.tries = request.tries;
  options.cancel = &cancelled;
  options.agreement = by_types ? plan::Agreement::kTypes : plan::Agreement::kValues;
  const plan::PlanOptions plans = generate::plan_options(request.options);
  const auto shrunk =
      plan::shrink(plans, request.options.seed, request.index, member, condition, options);
  if (!shrunk.ok()) return report(kCommand, shrunk.error());
  print_shrunk(request, shrunk.value(), what);
  return shrunk.value().end == plan::ShrinkEnd::kCancelled ? kInterrupted : kDone;
}

// `by_types` where the user has said so; otherwise what the condition is about decides.
bool agreed(const ShrinkRequest& request, bool by_types) {
  return request.agree.empty() ? by_types : request.agree == "types";
}

int shrink_by_command(const ShrinkRequest& request, const plan::Member& member) {
  const auto folder = TemporaryFolder::make();
  if (!folder.ok()) return report(kCommand, folder.error());
  const auto first = run_on(request, folder.value(), member);
  if (cancelled) return report_interrupted(kCommand, kNothingDone);
  if (!first.ok()) return report(kCommand, first.error());
  const CommandEnd& end = first.value();
  if (end.status != 0) {
    return report(kCommand,
                  Error::usage(fmt::format(
                      "--while-command: it must exit with 0 for the program as it is: {}{}",
                      end.how, end.said.empty() ? "" : " (" + end.said + ")")));
  }
  const auto condition = [&](const plan::Member& m) -> Result<bool> {
    JAXSMITH_TRY(ended, run_on(request, folder.value(), m));
    return ended.status == 0;
  };
  return search(request, member, condition, request.command, agreed(request, false));
}

int shrink_by_refusal(const ShrinkRequest& request, const plan::Member& member) {
  std::optional<Wanted> wanted;
  if (!request.refusal.empty()) {
    auto parsed = parse_wanted(request.refusal);
    if (!parsed.ok()) return report(kCommand, parsed.error());
    wanted = std::move(parsed).value();
  }
  const bool redone = wanted && wanted->stage == trace::Stage::kRedo;
  Stages stages(request, redone, installation(request.options.python));
  const Status started = stages.start();
  if (cancelled) return report_interrupted(kCommand, kNothingDone);
  if (!started.ok()) return report(kCommand, started.error());
  const auto first = stages.refusal_of(member);
  if (cancelled) return report_interrupted(kCommand, kNothingDone);
  if (!first.ok()) return report(kCommand, first.error());
  if (!wanted && first.value()) wanted = Wanted{first.value()->stage, first.value()->reason};
  if (!wanted || !wanted->met_by(first.value())) {
    return report(kCommand,
                  Error::environment(fmt::format(
                      "{}: {}{}{}", source::function_id(request.key()), refusal_text(first.value()),
                      wanted ? ", not at " : "",
                      wanted ? wanted->text() : "; say by --while-command what it shows")));
  }
  const auto condition = [&](const plan::Member& m) -> Result<bool> {
    JAXSMITH_TRY(refusal, stages.refusal_of(m));
    return wanted->met_by(refusal);
  };
  return search(request, member, condition, wanted->text(), agreed(request, types_decide(*wanted)));
}

int run(const ShrinkRequest& request) {
  catch_signals();
  const auto members = plan::plan_family(generate::plan_options(request.options),
                                         request.options.seed, request.index);
  if (request.member >= members.size()) {
    tell("{}", no_member_text(kCommand, request.index, request.options.seed, members.size()));
    return kFailed;
  }
  const plan::Member& member = members[request.member];
  return request.command.empty() ? shrink_by_refusal(request, member)
                                 : shrink_by_command(request, member);
}

void add_flags(CLI::App& app, ShrinkRequest& request, Status& status) {
  app.add_option("--index", request.index, "the family: the second part of an id, in decimals")
      ->type_name("N")
      ->check(whole_number(0, UINT64_MAX))
      ->required();
  app.add_option("--member", request.member,
                 "one of the family's functions, the last part of an id (default: 0, its root)")
      ->type_name("N")
      ->check(whole_number(0, UINT32_MAX));
  auto* refusal = app.add_option("--while", request.refusal,
                                 "what refuses it, as in rejects.parquet: check, check:unstable, "
                                 "compile:timeout (default: what refuses it now)");
  refusal->type_name("STAGE[:REASON]");
  app.add_option(
         "--while-command", request.command,
         "line of the shell that exits with 0 while the fault is there; it gets the path of "
         "function.py, beside which function.json says entry and avals")
      ->type_name("LINE")
      ->excludes(refusal);
  app.add_option("--tries", request.tries, "programs that are tried at most (default: 1000)")
      ->type_name("N")
      ->check(whole_number(1, UINT64_MAX));
  app.add_option("--agree", request.agree,
                 "in what a value agrees with the one whose place it takes: types, or values too "
                 "(default: types where these decide of --while)")
      ->check(one_of("agreement", {"types", "values"}))
      ->type_name("types|values");
  app.add_flag("--json", request.json, "a line of JSON");
  std::vector<std::string> names = plan_flags();
  names.insert(names.end(), {"max-inert", "time-limit", "memory-limit", "python"});
  add_option_flags(app, request.options, names, status);
}

}  // namespace

int shrink_main(int argc, char** argv) {
  CLI::App app(
      "Makes a program of generate's smaller, move by move, as long as a stage refuses it for the "
      "same reason or a command of yours exits with 0, and prints the last.\nThe same program and "
      "answers give the same.",
      "jaxsmith shrink");
  ShrinkRequest request;
  Status status;
  add_flags(app, request, status);
  app.get_formatter()->column_width(30);
  if (const auto ended =
          parse(app, argc, argv,
                "Examples: jaxsmith shrink --seed 0 --index 12 --while-command 'grep -q def'\n"
                "          jaxsmith shrink --seed 0 --index N --while check:unstable   (N as in "
                "rejects.parquet)\n"))
    return *ended;
  if (status.ok()) status = generate::check_names(request.options);
  if (!status.ok()) return report(kCommand, status.error());
  const auto likeness = generate::fit_to_dataset(request.options);
  if (!likeness.ok()) return report(kCommand, likeness.error());
  return run(request);
}

}  // namespace jaxsmith::cli
