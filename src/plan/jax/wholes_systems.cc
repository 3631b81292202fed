// Systems of stores and flows as a whole: laws of flows, rates of change, an integrator, what
// drives the system, a number of steps, what is told of them; by choice scenarios that are
// compared, parameters that are fitted or a table over one of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/argument_roles.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"
#include "plan/jax/system_simulation.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Driving;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;
using Names = std::vector<std::string>;
}  // namespace

void Simulation::write() {
  define_laws();
  define_rates();
  define_step();
  define_driver();
  if (study_ == Study::kCompare)
    compare();
  else if (study_ == Study::kFit)
    fit();
  else if (study_ == Study::kTable)
    table();
  else
    run_here();
}

std::set<std::string> Simulation::kept(bool all) {
  if (study_ == Study::kFit) return {};
  std::set<std::string> out = {system_.watched};
  for (const SystemStore& each : stores_)
    if (all || (study_ == Study::kRun && i_.chance(0.4))) out.insert(each.name);
  for (const SystemStore& each : stores_)
    if (!reaches(each.name, out)) out.insert(each.name);
  return out;
}

bool Simulation::moves_others(const std::string& name) const {
  return !moved_by(name).empty() || (driver_ && driver_->of == name);
}

std::set<std::string> Simulation::moved_by(const std::string& name) const {
  std::set<std::string> out;
  const bool drives = driver_ && driver_->of == name;
  for (const Flowing& flowing : flows_) {
    const Names names = names_in(flowing.law);
    if (!holds(names, name) && !(drives && holds(names, system_.drive))) continue;
    const SystemFlow& f = flowing.flow;
    for (const std::string& end : {f.from, f.to, f.with_from, f.with_to})
      if (!end.empty() && end != name) out.insert(end);
  }
  return out;
}

bool Simulation::reaches(const std::string& name, const std::set<std::string>& ends) const {
  std::set<std::string> seen = {name};
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    if (ends.contains(at)) return true;
    for (const std::string& next : moved_by(at))
      if (seen.insert(next).second) open.push_back(next);
  }
  return false;
}

Terms Simulation::pass(const Terms& in, Terms now, ValueId t) {
  for (const Term& term : in)
    if (std::ranges::find(now, term.name, &Term::name) == now.end()) now.push_back(term);
  Terms next;
  ValueId drive = kNoValue;
  if (driver_) {
    drive = driven(now, t, next);
    std::erase_if(now, [&](const Term& term) { return term.name == system_.drive; });
    now.push_back({system_.drive, drive, {}});
  }
  Terms at = now;
  if (pulse_) {
    const ValueId more = pulsed(now, t);
    std::ranges::find(at, pulse_->store, &Term::name)->id = more;
  }
  const Ids beside = values(at, beside_);
  Parts out;
  for (const SystemStore& each : stores_)
    out.push_back({{each.brief + "_next", word(each.name) + "_next"}, scalar(i_), each.room});
  const auto once = [&](const Ids& state) {
    Ids operands = state;
    operands.insert(operands.end(), beside.begin(), beside.end());
    return call(i_, step_, operands, out);
  };
  Ids state = values(at, this->state());
  if (substeps_ > 1) {
    std::vector<Idiom::Carry> carries;
    for (std::size_t k = 0; k < state.size(); ++k)
      carries.push_back({carried_as(stores_[k].name), state[k], stores_[k].room, out[k].names});
    state = repeat(i_, 0, substeps_, {"substep", "small_step"}, carries, once);
  } else {
    state = once(state);
  }
  for (std::size_t k = 0; k < state.size(); ++k) next.push_back({stores_[k].name, state[k], {}});
  if (study_ != Study::kSettle) track(now, id_of(next, system_.watched), drive, t, next);
  return next;
}

Terms Simulation::run(const Terms& in, bool all_ends) {
  std::vector<Carried> carried;
  const std::set<std::string> ends = kept(all_ends);
  for (const SystemStore& each : stores_)
    carried.push_back({each.name,
                       {carried_as(each.name), id_of(in, each.name), each.room,
                        ends.contains(each.name) ? Words{"final_" + word(each.name)} : Words{}}});
  for (auto&& more : {memory(in), trackers(in)})
    carried.insert(carried.end(), more.begin(), more.end());
  std::vector<Idiom::Carry> carries;
  Names names;
  for (const Carried& each : carried) {
    carries.push_back(each.carry);
    names.push_back(each.name);
  }
  const auto ordered = [&](const Terms& next) { return values(next, names); };
  const bool series = by(kSeries), counts_them = counts_steps();
  Terms out;
  if (!history_ && i_.chance(category_ == kIndexing ? 0.9 : 0.55)) {
    const Ids left = i_.fori(0, steps_, {"advance", "body"}, carries, [&](const Ids& p) {
      Terms now = terms_of(names, {p.begin() + 1, p.end()});
      if (series)
        now.push_back({"now",
                       i_.let({system_.drive}, "$0[$1]", {id_of(in, "series"), p[0]}, Shape{},
                              system_.drives),
                       {}});
      return ordered(pass(in, now, p[0]));
    });
    for (std::size_t k = 0; k < names.size(); ++k) out.push_back({names[k], left[k], {}});
    return out;
  }
  std::vector<Idiom::Slice> over;
  if (counts_them)
    over.push_back({{"t", "step"},
                    i_.let({"steps", "times"}, fmt::format("jnp.arange({})", steps_), {},
                           counts(i_, {steps_}), below(steps_ - 1))});
  if (series) over.push_back({{system_.drive}, id_of(in, "series")});
  const auto left = i_.scan(
      {"advance", "one_step"}, carries, over,
      when(history_, {word(system_.watched) + "_history", word(system_.watched) + "_path"}),
      [&](const Ids& p) {
        Terms now =
            terms_of(names, {p.begin(), p.begin() + static_cast<std::ptrdiff_t>(names.size())});
        ValueId t = kNoValue;
        std::size_t at = names.size();
        if (counts_them) t = p[at++];
        if (series) now.push_back({"now", p[at], {}});
        const Terms next = pass(in, now, t);
        Ids results = ordered(next);
        if (history_) results.push_back(id_of(next, system_.watched));
        return results;
      },
      "", steps_);
  for (std::size_t k = 0; k < names.size(); ++k) out.push_back({names[k], left.final[k], {}});
  if (history_) out.push_back({"history", left.stacked[0], {}});
  return out;
}

ValueId Simulation::misfit(const Terms& out, const Terms& in) {
  const Interval range{0.05, 2};
  const Terms both = {{"h", id_of(out, "history")}, {"o", id_of(in, "observed")}};
  if (study_ == Study::kFit)
    return real(i_, {"loss", "misfit"}, "jnp.mean(({h} - {o}) ** 2) / jnp.var({o})", both, range);
  return real(i_, {"rmse", "misfit"},
              i_.either({"jnp.sqrt(jnp.mean(({h} - {o}) ** 2))",
                         "jnp.sqrt(jnp.mean(jnp.square({h} - {o})))"}),
              both, range);
}

std::string Simulation::phrase() const {
  std::string out;
  const std::string drive = as_words(system_.drive);
  if (by(kSeries)) out = " driven by a series of " + drive;
  if (by(kSeason)) out = " under periodic " + drive;
  if (by(kSchedule)) out = " under scheduled " + drive;
  if (by(kControl)) out = " under proportional-integral control";
  if (by(kSwitch)) out = " switched on and off by thresholds";
  if (by(kPolicy)) out = fmt::format(" with {} past a threshold", as_words(driver_->names[0]));
  if (pulse_) out += fmt::format("{} and {}", out.empty() ? "" : ",", pulse_->says);
  if (out.starts_with(" and")) out = " under" + out.substr(4);
  return out;
}

std::string Simulation::about() const { return system_.says + with_ + phrase(); }

std::string Simulation::simulation_says() const {
  return fitting({fmt::format("Simulate {} for {} steps of {}.", about(), steps_, by_),
                  fmt::format("Simulate {} for {} steps.", about(), steps_),
                  fmt::format("Simulate {}{} for {} steps.", system_.says, phrase(), steps_),
                  fmt::format("Simulate {} for {} steps.", system_.says, steps_)});
}

Terms Simulation::arguments() {
  Terms out = texts_;
  const bool initial = !brief_ && study_ != Study::kFit && i_.chance(0.4);
  for (const SystemStore& each : stores_) {
    const bool zero = !moves_others(each.name) && each.name != system_.watched && i_.chance(0.5);
    const Words names = {initial ? "initial_" + each.name : word(each.name)};
    out.push_back(
        {each.name,
         zero ? i_.builder().literal(0, i_.real()) : i_.argument(names, scalar(i_), each.start),
         {}});
  }
  for (const std::string& name : given_) {
    out.push_back({name, i_.argument({word(name)}, scalar(i_), ranges_.at(name)), {}});
  }
  for (const Input& input : inputs())
    out.push_back(
        {input.name, i_.argument(input.part.names, input.part.type, input.part.range), {}});
  return out;
}

void Simulation::run_here() {
  const bool settles = study_ == Study::kSettle;
  i_.called(settles
                ? Words{system_.key + "_equilibrium", "steady_" + system_.key, "settle"}
                : Words{"simulate_" + system_.key, "run_" + system_.key + "_model", "simulate"});
  if (settles) {
    settle();
    return;
  }
  i_.summary(simulation_says());
  const Terms in = arguments();
  const Terms out = run(in, i_.chance(0.5));
  if (observed_) {
    misfit(out, in);
    return;
  }
  if (history_ && (category_ == kReduction || i_.chance(0.5))) reduce(id_of(out, "history"));
}

void Simulation::reduce(ValueId history) {
  const Interval range = room(system_.watched);
  const std::string x = word(system_.watched);
  if (i_.chance(0.6)) {
    i_.let({"peak_" + x}, i_.either({"jnp.max($0)", "$0.max()"}), {history}, Shape{}, range);
    i_.let({"peak_step"}, "jnp.argmax($0)", {history}, counts(i_, {}), below(steps_));
  }
  i_.let({"mean_" + x}, i_.either({"jnp.mean($0)", "$0.mean()"}), {history}, Shape{}, range);
  if (i_.chance(0.5))
    i_.let({x + "_spread"}, i_.either({"jnp.std($0)", "jnp.max($0) - jnp.min($0)"}), {history},
           Shape{}, {0.01, range.hi});
  if (i_.chance(0.5))
    i_.let({"steps_above"},
           i_.either({"jnp.sum($0 > " + limit_ + ")", "jnp.count_nonzero($0 > " + limit_ + ")"}),
           {history}, counts(i_, {}), below(steps_));
}

void Simulation::settle() {
  const std::string tolerance = i_.setting({"tol", "tolerance"}, {"1e-3", "2e-3", "1e-4"});
  const std::int64_t most = i_.random().pick(std::vector<std::int64_t>{200, 300, 400, 500});
  i_.summary(
      fitting({fmt::format("Run {} until it is at rest, for {} steps at most.", about(), most),
               fmt::format("Run {} until it is at rest.", system_.says)}));
  const Terms in = arguments();
  std::vector<Idiom::Carry> carries;
  for (const SystemStore& each : stores_)
    carries.push_back({carried_as(each.name),
                       id_of(in, each.name),
                       each.room,
                       {"final_" + word(each.name), word(each.name) + "_at_rest"}});
  const Names names = state();
  until_settled(i_, {tolerance, most, 1, {"steps_taken", "steps"}}, carries,
                {"advance", "one_step"}, [&](const Ids& p) {
                  const Terms now = terms_of(names, p);
                  Ids next = values(pass(in, now, kNoValue), names);
                  std::string change = "jnp.abs($0 - $1)";
                  Ids operands;
                  for (std::size_t k = 0; k < next.size(); ++k) {
                    operands.push_back(next[k]);
                    operands.push_back(p[k]);
                    if (k > 0)
                      change = fmt::format("{} + jnp.abs(${} - ${})", change, 2 * k, 2 * k + 1);
                  }
                  next.push_back(i_.let({"change", "movement"}, change, operands, Shape{}, {0, 1}));
                  return next;
                });
}

Simulation::Run Simulation::run_function() {
  Run out;
  for (const std::string& name : given_) out.takes.push_back(name);
  for (const std::string& name : state()) out.takes.push_back(name);
  Parts parameters = parts(out.takes);
  for (const Input& input : inputs()) {
    out.takes.push_back(input.name);
    parameters.push_back(input.part);
  }
  const std::string says =
      study_ == Study::kFit
          ? fmt::format("How far {} is from observations, by their variance.", system_.says)
          : simulation_says();
  out.function = stage(i_,
                       study_ == Study::kFit
                           ? Words{"misfit", "fit_loss"}
                           : Words{"simulate_" + system_.key, "run_" + system_.key, "simulate"},
                       says, parameters, [&](const Ids& p) {
                         const Terms in = terms_of(out.takes, p);
                         const Terms left = run(in, false);
                         if (study_ == Study::kFit) {
                           out.gives = {"loss"};
                           return Ids{misfit(left, in)};
                         }
                         Ids results;
                         for (const Term& term : left)
                           if (term.id != kNoValue && i_.builder()[term.id].type.rank() == 0) {
                             out.gives.push_back(term.name);
                             results.push_back(term.id);
                           }
                         return results;
                       });
  for (const ValueId id : i_.builder().body_of(out.function).results) {
    const Value& v = i_.builder()[id];
    out.results.push_back({v.names, v.type, practical(v.stats)});
  }
  return out;
}

std::string Simulation::varied() const {
  Names out = given_;
  if (by(kConstant)) out.push_back(system_.drive);
  if (by(kSeason) || by(kSwitch) || by(kPolicy)) out.push_back("level");
  if (by(kControl)) out.push_back("target");
  if (out.empty()) out.push_back(system_.watched);
  return i_.random().pick(out);
}

Idiom::Part Simulation::part_of(const std::string& name) const {
  for (const Input& input : inputs())
    if (input.name == name) return input.part;
  Idiom::Part out = part(name);
  if (is_store(name)) out.range = store(name).start;
  return out;
}

void Simulation::compare() {
  const Run once = run_function();
  const std::string which = varied();
  const Idiom::Part of = part_of(which);
  i_.called({"compare_scenarios", "scenario_effect", "compare_" + system_.key + "_runs"});
  const std::string differ = as_words(of.names[0]);
  i_.summary(fitting(
      {fmt::format("Compare two runs of {} that differ in {}.", system_.says + with_, differ),
       fmt::format("Compare two runs of {} that differ in {}.", system_.says, differ)}));
  const Terms in = arguments();
  const ValueId other =
      i_.argument({"other_" + of.names[0], "new_" + of.names[0]}, of.type, of.range);
  const auto results = [&](const std::string& suffix) {
    Parts out = once.results;
    for (Idiom::Part& each : out) each.names = {each.names[0] + suffix};
    return out;
  };
  Ids operands = values(in, once.takes);
  const Ids first = call(i_, once.function, operands, results("_before"));
  operands[static_cast<std::size_t>(std::ranges::find(once.takes, which) - once.takes.begin())] =
      other;
  const Ids second = call(i_, once.function, operands, results("_after"));
  for (std::size_t k = 0; k < first.size(); ++k) {
    const Idiom::Part& each = once.results[k];
    const double width = each.range.hi - each.range.lo;
    const bool ratio = each.type.dtype == i_.real() && each.range.lo > 0 && i_.chance(0.4);
    i_.let({each.names[0] + (ratio ? "_ratio" : "_change")}, ratio ? "$1 / $0" : "$1 - $0",
           {first[k], second[k]}, each.type,
           ratio ? Interval{0.3, 2} : Interval{-0.5 * width, 0.5 * width});
    if (each.type.dtype != i_.real() || i_.chance(0.5)) i_.keep(first[k]);
  }
}

void Simulation::table() {
  const Run once = run_function();
  const std::string which = varied();
  Idiom::Part of = part_of(which);
  const std::int64_t count = std::max<std::int64_t>(4, i_.size());
  i_.called({"sweep_" + of.names[0], "parameter_sweep", system_.key + "_sweep"});
  const std::string over = fmt::format("over {} values of {}", count, as_words(of.names[0]));
  i_.summary(fitting({fmt::format("Tabulate runs of {} {}.", system_.says + with_, over),
                      fmt::format("Tabulate runs of {} {}.", system_.says, over)}));
  Terms in = arguments_but(which);
  of.type.shape = {count};
  const ValueId all =
      i_.argument({of.names[0] + "_values", of.names[0] + "_grid"}, of.type, of.range);
  in.push_back({which, all, {}});
  const Ids operands = values(in, once.takes);
  std::vector<std::string> axes;
  for (const std::string& name : once.takes) axes.push_back(name == which ? "0" : "None");
  Parts parts = once.results;
  for (Idiom::Part& each : parts) {
    each.type.shape = {count};
    each.names = {each.names[0] + "_table", each.names[0] + "s"};
  }
  const Ids out = i_.unpack(fmt::format("jax.vmap($f0, in_axes=({},))({})", fmt::join(axes, ", "),
                                        Idiom::holes(0, operands.size())),
                            operands, {once.function}, parts);
  if (i_.chance(0.5)) {
    const std::size_t k = i_.random().below(out.size());
    const std::string end = i_.either({"max", "min"});
    const ValueId best = i_.let({"best", "place"}, "jnp.arg" + end + "($0)", {out[k]},
                                counts(i_, {}), below(count - 1));
    i_.keep(out[k]);
    i_.let({"best_" + of.names[0]}, "$0[$1]", {all, best}, Shape{}, of.range);
  }
}

Terms Simulation::arguments_but(const std::string& left_out) {
  Terms out = texts_;
  for (const std::string& name : given_)
    if (name != left_out)
      out.push_back({name, i_.argument({word(name)}, scalar(i_), ranges_[name]), {}});
  for (const SystemStore& each : stores_)
    if (each.name != left_out)
      out.push_back({each.name, i_.argument({word(each.name)}, scalar(i_), each.start), {}});
  for (const Input& input : inputs())
    if (input.name != left_out)
      out.push_back(
          {input.name, i_.argument(input.part.names, input.part.type, input.part.range), {}});
  return out;
}

void Simulation::fit() {
  const Run once = run_function();
  const std::size_t count = std::min<std::size_t>(given_.size(), 3);
  const Names fitted(given_.begin(), given_.begin() + static_cast<std::ptrdiff_t>(count));
  const bool descends = i_.chance(0.6);
  i_.called(descends ? Words{"fit_" + system_.key, "calibrate_" + system_.key, "calibrate"}
                     : Words{system_.key + "_sensitivities", "misfit_sensitivities"});
  const std::int64_t rounds = i_.between(3, 12);
  const auto fits = [&](const std::string& what) {
    return descends ? fmt::format("Fit {} to observations by {} gradient steps.", what, rounds)
                    : fmt::format("Sensitivities of the misfit of {} to observations.", what);
  };
  i_.summary(fitting({fits(system_.says + with_), fits(system_.says)}));
  const Terms in = arguments();
  const auto graded = [&](const Ids& at) {
    Ids operands = values(in, once.takes);
    std::copy(at.begin(), at.end(), operands.begin());
    Parts out = {{{"loss", "misfit"}, scalar(i_), {0.05, 2}}};
    for (const std::string& name : fitted)
      out.push_back({{"d_" + word(name), word(name) + "_grad"}, scalar(i_), {-3, 3}});
    std::string numbers = "0";
    for (std::size_t k = 1; k < count; ++k) numbers += fmt::format(", {}", k);
    if (count > 1) numbers = "(" + numbers + ")";
    return i_.unpack(fmt::format("jax.value_and_grad($f0, argnums={})({})", numbers,
                                 Idiom::holes(0, operands.size())),
                     operands, {once.function}, out,
                     count > 1 ? std::vector<int>{0, static_cast<int>(count)} : std::vector<int>{});
  };
  const Ids start = values(in, fitted);
  if (!descends) {
    const Ids at = graded(start);
    for (std::size_t k = 0; k < count; ++k)
      i_.let({word(fitted[k]) + "_sensitivity"}, "$0 * $1", {start[k], at[k + 1]}, Shape{},
             {-1, 1});
    return;
  }
  const std::string rate = i_.setting({"learning_rate", "lr"}, {"0.1", "0.2", "0.05"});
  std::vector<Idiom::Carry> carries;
  for (std::size_t k = 0; k < count; ++k)
    carries.push_back(
        {either_word(fitted[k]), start[k], ranges_[fitted[k]], {"fitted_" + word(fitted[k])}});
  i_.scan(
      {"descend", "fit_step"}, carries, {}, {{"losses", "misfits"}},
      [&](const Ids& p) {
        const Ids at = graded({p.begin(), p.begin() + static_cast<std::ptrdiff_t>(count)});
        Ids next;
        i_.comment("Descend in the logarithms, which keeps the parameters positive.");
        for (std::size_t k = 0; k < count; ++k)
          next.push_back(i_.let({word(fitted[k]) + "_next"},
                                "$0 * jnp.exp(-" + rate + " * jnp.tanh($0 * $1))",
                                {p[k], at[k + 1]}, Shape{}, ranges_[fitted[k]]));
        next.push_back(at[0]);
        return next;
      },
      "", rounds);
}

namespace {

Study drawn_study(Idiom& i, Category category) {
  if (category == kGradient) return Study::kFit;
  if (category == kVectorization) return Study::kTable;
  if (category == kReduction) return Study::kRun;
  return i.chance(0.35) ? Study::kCompare : Study::kRun;
}

}  // namespace

std::vector<Op> system_wholes() {
  std::vector<Op> out = wholes_of({{"coupled_system", kArithmetic, 3},
                                   {"nonlinear_system", kMath, 3},
                                   {"system_history", kReduction, 3},
                                   {"scheduled_system", kIndexing, 3},
                                   {"fitted_system", kGradient, 3},
                                   {"system_sweep", kVectorization, 3.5},
                                   {"switched_system", kConditional, 3.5},
                                   {"stepped_system", kLoop, 3}},
                                  [](Idiom& i, Category category) {
                                    const Study study = drawn_study(i, category);
                                    Simulation(i, category, study).write();
                                  });
  for (Op& op : wholes_of({{"settling_system", kLoop, 1.2}}, [](Idiom& i, Category category) {
         Simulation(i, category, Study::kSettle).write();
       })) {
    op.derivative = kForward;  // by a while_loop
    out.push_back(std::move(op));
  }
  return out;
}

}  // namespace jaxsmith::plan
