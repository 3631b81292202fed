// Of a simulation: what is drawn of its system, laws as functions, rates of change, a step in time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"
#include "plan/jax/system_simulation.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Driving;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;
using Names = std::vector<std::string>;

std::string in_capitals(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

// A system that a category has room for.
bool suits(const StockSystem& system, Category category, Study study) {
  const auto drives = [&](std::initializer_list<Driving> kinds) {
    return std::ranges::any_of(system.drivers, [&](const SystemDriver& d) {
      return std::ranges::find(kinds, d.how) != kinds.end();
    });
  };
  if (study == Study::kSettle) return system.settles;
  if (category == kConditional) return !system.pulses.empty() || drives({kSwitch, kPolicy});
  if (category == kIndexing) return drives({kSeries, kSchedule, kSwitch, kPolicy});
  if (category == kMath)
    return std::ranges::any_of(system.flows, [](const SystemFlow& flow) {
      return std::ranges::any_of(flow.laws, calls_function);
    });
  return true;
}

const StockSystem& drawn_system(Idiom& i, Category category, Study study) {
  std::vector<const StockSystem*> all;
  for (const auto* systems : {&living_systems(), &machine_systems(), &surrounding_systems()})
    for (const StockSystem& system : *systems)
      if (suits(system, category, study)) all.push_back(&system);
  return *i.random().pick(all);
}

}  // namespace

bool holds(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

Names names_in(const std::string& form) {
  Names out;
  for (std::size_t at = form.find('{'); at != std::string::npos; at = form.find('{', at + 1)) {
    std::string name = form.substr(at + 1, form.find('}', at) - at - 1);
    if (!holds(out, name)) out.push_back(std::move(name));
  }
  return out;
}

std::string braced(const std::string& name) { return "{" + name + "}"; }

bool is_bare(const std::string& law) { return law == braced(names_in(law).front()); }

bool calls_function(const std::string& law) {
  return law.find('(') != std::string::npos && law.find("j") != std::string::npos &&
         (law.find("jnp.") != std::string::npos || law.find("jax.") != std::string::npos);
}

// The first of these sentences that a line of a docstring holds.
std::string fitting(const Words& sentences) {
  constexpr std::size_t kLine = 76;
  for (const std::string& sentence : sentences)
    if (sentence.size() <= kLine) return sentence;
  return sentences.back();
}

ValueId id_of(const Terms& terms, const std::string& name) {
  const auto found = std::ranges::find(terms, name, &Term::name);
  if (found == terms.end()) Idiom::fail();
  return found->id;
}

Simulation::Simulation(Idiom& i, Category category, Study study)
    : i_(i), category_(category), study_(study), system_(drawn_system(i, category, study)) {
  if (half_precision(i)) i.fail();
  brief_ = i.chance(0.4);
  draw_parts();
  draw_driver();
  if (study == Study::kFit) leave_out_unseen();
  order_ = static_cast<Order>(i.random().weighted(std::vector<double>{0.08, 0.18, 0.14, 0.6}));
  if (order_ == Order::kEuler && i.chance(0.5)) substeps_ = i.between(2, 6);
  dt_ = i.random().pick(system_.dt);
  draw_constants();
  delayed_ = driver_ && (driver_->how == kSwitch || driver_->how == kPolicy) &&
             i.chance(category == kIndexing ? 0.7 : 0.12);
  lag_ = i.between(2, 6);
  steps_ = i.chance(0.35)  ? i.between(8, 20)
           : i.chance(0.7) ? i.random().pick(std::vector<std::int64_t>{24, 30, 40, 48, 50, 60})
                           : i.random().pick(std::vector<std::int64_t>{100, 128, 200, 256});
  if (driver_ && driver_->how == kSchedule) {
    phases_ = i.between(3, 6);
    steps_ = phases_ * std::max<std::int64_t>(2, steps_ / phases_);
  }
  observed_ =
      study == Study::kFit || (study == Study::kRun && category != kIndexing && i.chance(0.2));
  history_ = observed_ || (study == Study::kRun && i.chance(category == kReduction ? 1 : 0.3));
  if (study != Study::kSettle) draw_trackers();
}

bool Simulation::here(const std::string& part) const {
  if (part.starts_with("no ")) return !parts_.contains(part.substr(3));
  return part.empty() || parts_.contains(part);
}

void Simulation::draw_parts() {
  std::vector<std::string> said;
  for (const SystemPart& part : system_.parts)
    if (i_.chance(0.6)) {
      parts_.insert(part.name);
      said.push_back(part.says);
    }
  for (const SystemStore& store : system_.stores)
    if (here(store.part)) stores_.push_back(store);
  for (const SystemFlow& flow : system_.flows) {
    if (!here(flow.part)) continue;
    std::vector<std::string> laws = flow.laws;
    // What the category is about.
    if (category_ == kMath && std::ranges::any_of(laws, calls_function))
      std::erase_if(laws, [](const std::string& law) { return !calls_function(law); });
    flows_.push_back({flow, i_.random().pick(laws)});
  }
  if (said.size() > 1) {
    const std::string last = said.back();
    said.pop_back();
    with_ = fmt::format(" with {} and {}", fmt::join(said, ", "), last);
  } else if (!said.empty()) {
    with_ = " with " + said[0];
  }
}

void Simulation::draw_driver() {
  std::vector<SystemDriver> fitting;
  for (const SystemDriver& driver : system_.drivers) {
    const bool branches = driver.how == kSwitch || driver.how == kPolicy;
    if (study_ == Study::kSettle && driver.how != kConstant) continue;
    if (category_ == kConditional && !branches && system_.pulses.empty()) continue;
    if (category_ == kIndexing && !branches && driver.how != kSchedule && driver.how != kSeries)
      continue;
    fitting.push_back(driver);
  }
  const bool drives = !system_.drive.empty();
  if (drives && fitting.empty()) i_.fail();
  if (drives) driver_ = i_.random().pick(fitting);
  if (driver_ && driver_->how == kConstant && fitting.size() > 1 && i_.chance(0.5))
    driver_ = i_.random().pick(fitting);
  const bool branches = driver_ && (driver_->how == kSwitch || driver_->how == kPolicy);
  const bool needed = category_ == kConditional && !branches;
  if (study_ != Study::kSettle && !system_.pulses.empty() && (needed || i_.chance(0.35))) {
    pulse_ = i_.random().pick(system_.pulses);
    period_given_ = i_.chance(0.35);
    period_ = i_.random().pick(pulse_->periods);
  }
}

void Simulation::leave_out_unseen() {
  std::vector<SystemStore> seen;
  for (const SystemStore& each : stores_)
    if (reaches(each.name, {system_.watched})) seen.push_back(each);
  stores_ = std::move(seen);
  for (Flowing& flowing : flows_) {
    SystemFlow& f = flowing.flow;
    for (std::string* end : {&f.from, &f.to, &f.with_from, &f.with_to})
      if (!is_store(*end)) end->clear();
    if (f.to.empty()) f.share.clear();
  }
  if (pulse_ && !is_store(pulse_->store)) pulse_.reset();
  if (driver_ && !driver_->of.empty() && !is_store(driver_->of)) Idiom::fail();
  std::erase_if(flows_, [](const Flowing& flowing) {
    const SystemFlow& f = flowing.flow;
    return f.from.empty() && f.to.empty() && f.with_from.empty() && f.with_to.empty();
  });
}

void Simulation::draw_constants() {
  const bool named = i_.chance(0.75);
  const double given = study_ == Study::kRun || study_ == Study::kSettle ? 0.3 : 0.5;
  if (i_.chance(0.5)) {
    i_.builder().program().constants.emplace_back("DT", dt_);
    dt_ = "DT";
  }
  Names used;
  for (const Flowing& flowing : flows_) {
    for (const std::string& name : names_in(flowing.law))
      if (!holds(used, name)) used.push_back(name);
    if (!flowing.flow.share.empty() && !holds(used, flowing.flow.share))
      used.push_back(flowing.flow.share);
  }
  std::vector<const SystemConstant*> constants;
  for (const SystemConstant& each : system_.constants)
    if (holds(used, each.name)) constants.push_back(&each);
  const std::size_t least = study_ == Study::kFit || study_ == Study::kCompare ? 1 : 0;
  std::size_t forced =
      least == 0 || constants.empty() ? constants.size() : i_.random().below(constants.size());
  for (std::size_t k = 0; k < constants.size(); ++k) {
    const SystemConstant& each = *constants[k];
    const double number = i_.number(each.numbers);
    if (k == forced || i_.chance(given)) {
      given_.push_back(each.name);
      ranges_[each.name] = {0.8 * number, 1.25 * number};
    } else if (named) {
      const std::string name = in_capitals(each.name);
      i_.builder().program().constants.emplace_back(name, Idiom::text(number));
      texts_.push_back({each.name, kNoValue, name});
    } else {
      texts_.push_back({each.name, kNoValue, Idiom::text(number)});
    }
  }
}

void Simulation::draw_trackers() {
  const bool several = study_ != Study::kFit;
  peak_ = several && i_.chance(0.55);
  low_ = several && !peak_ && i_.chance(0.4);
  total_ = several && i_.chance(0.5);
  above_ = several && i_.chance(0.5);
  crossings_ = several && !above_ && i_.chance(0.3);
  const bool acts =
      driver_ && (driver_->how == kSwitch || driver_->how == kPolicy || driver_->how == kControl);
  effort_ = several && acts && i_.chance(0.5);
  switches_ = several && driver_ && driver_->how == kSwitch && i_.chance(0.5);
  if (study_ == Study::kCompare) low_ = crossings_ = effort_ = false, above_ = !peak_;
  if (history_ && category_ == kReduction) peak_ = low_ = total_ = above_ = false;
  limit_ = Idiom::text(i_.number(system_.threshold));
}

const SystemStore& Simulation::store(const std::string& name) const {
  return *std::ranges::find(stores_, name, &SystemStore::name);
}

std::string Simulation::word(const std::string& name) const { return word(name, brief_); }

Words Simulation::either_word(const std::string& name) const {
  const std::string other = word(name, !brief_);
  return {word(name), other == word(name) ? name + "_now" : other};
}

std::string Simulation::word(const std::string& name, bool brief) const {
  if (!brief) return name;
  const auto found = std::ranges::find(system_.stores, name, &SystemStore::name);
  if (found != system_.stores.end()) return found->brief;
  const auto constant = std::ranges::find(system_.constants, name, &SystemConstant::name);
  return constant != system_.constants.end() ? constant->brief : name;
}

Words Simulation::carried_as(const std::string& name) const {
  Words out = either_word(name);
  out.push_back(name + "_now");
  return out;
}

Names Simulation::state() const {
  Names out;
  for (const SystemStore& each : stores_) out.push_back(each.name);
  return out;
}

Interval Simulation::room(const std::string& name) const { return store(name).room; }

Interval Simulation::slope(const std::string& name) const {
  const double width = 0.3 * (room(name).hi - room(name).lo);
  return {-width, width};
}

bool Simulation::is_store(const std::string& name) const {
  return std::ranges::find(stores_, name, &SystemStore::name) != stores_.end();
}

Idiom::Part Simulation::part(const std::string& name) const {
  if (is_store(name)) return {either_word(name), scalar(i_), room(name)};
  if (name == system_.drive) return {either_word(name), scalar(i_), system_.drives};
  return {either_word(name), scalar(i_), ranges_.at(name)};
}

Parts Simulation::parts(const Names& names) const {
  Parts out;
  for (const std::string& name : names) out.push_back(part(name));
  return out;
}

Names Simulation::taken_by(const std::string& law) const {
  Names out = names_in(law);
  std::erase_if(out, [&](const std::string& name) {
    return std::ranges::find(texts_, name, &Term::name) != texts_.end();
  });
  return out;
}

Terms Simulation::terms_of(const Names& names, const Ids& ids) const {
  Terms out = texts_;
  for (std::size_t k = 0; k < names.size(); ++k) out.push_back({names[k], ids[k], {}});
  return out;
}

Ids Simulation::values(const Terms& terms, const Names& names) {
  Ids out;
  for (const std::string& name : names) out.push_back(id_of(terms, name));
  return out;
}

Interval Simulation::reach(const Flowing& flowing) const {
  const SystemFlow& flow = flowing.flow;
  const std::string& end = !flow.to.empty()        ? flow.to
                           : !flow.from.empty()    ? flow.from
                           : !flow.with_to.empty() ? flow.with_to
                                                   : flow.with_from;
  const Interval of = slope(end);
  return flowing.law.find(" - ") == std::string::npos && !flowing.law.starts_with("-")
             ? Interval{0.02 * of.hi, of.hi}
             : of;
}

void Simulation::define_laws() {
  for (Flowing& flowing : flows_) {
    if (is_bare(flowing.law)) continue;
    const std::size_t steps = static_cast<std::size_t>(std::ranges::count(flowing.law, '*') +
                                                       std::ranges::count(flowing.law, '/') +
                                                       2 * std::ranges::count(flowing.law, '('));
    if (!i_.chance(steps > 2 ? 0.85 : steps > 1 ? 0.3 : 0.05)) continue;
    const Names taken = taken_by(flowing.law);
    flowing.function = i_.helper(
        {flowing.flow.name + "_law", flowing.flow.name + "_flux"}, flowing.flow.says, parts(taken),
        [&](const Ids& p) {
          return Ids{real(i_, {"rate", "flow"}, flowing.law, terms_of(taken, p), reach(flowing))};
        });
  }
}

void Simulation::define_rates() {
  for (const Flowing& flowing : flows_) {
    for (const std::string& name : taken_by(flowing.law))
      if (!is_store(name) && !holds(beside_, name)) beside_.push_back(name);
    const std::string& share = flowing.flow.share;
    if (holds(given_, share) && !holds(beside_, share)) beside_.push_back(share);
  }
  Names all = state();
  all.insert(all.end(), beside_.begin(), beside_.end());
  rates_ = stage(i_, {system_.key + "_rates", "rates", system_.key + "_derivatives"},
                 fitting({"Rates of change of " + system_.says + with_ + ".",
                          "Rates of change of " + system_.says + "."}),
                 parts(all), [&](const Ids& p) { return rates_of(terms_of(all, p)); });
}

Ids Simulation::rates_of(Terms terms) {
  std::map<std::string, std::string> sums;
  const auto add = [&](const std::string& of, const std::string& sign, const std::string& what) {
    if (of.empty()) return;
    std::string& sum = sums[of];
    sum = sum.empty() ? (sign == "-" ? "-" + what : what) : sum + " " + sign + " " + what;
  };
  for (const Flowing& flowing : flows_) {
    const SystemFlow& flow = flowing.flow;
    const std::string key = flow.name + " flow";
    ValueId value;
    if (is_bare(flowing.law)) {
      value = id_of(terms, names_in(flowing.law).front());
    } else if (flowing.function >= 0) {
      const Names taken = taken_by(flowing.law);
      value =
          i_.call({flow.name}, flowing.function, values(terms, taken), scalar(i_), reach(flowing));
    } else {
      value = real(i_, {flow.name}, flowing.law, terms, reach(flowing));
    }
    terms.push_back({key, value, {}});
    const bool known = holds(given_, flow.share) ||
                       std::ranges::find(texts_, flow.share, &Term::name) != texts_.end();
    const std::string share =
        flow.share.empty() ? "" : (known ? braced(flow.share) : flow.share) + " * ";
    add(flow.to, "+", share + braced(key));
    add(flow.with_to, "+", braced(key));
  }
  for (const Flowing& flowing : flows_) {
    add(flowing.flow.from, "-", braced(flowing.flow.name + " flow"));
    add(flowing.flow.with_from, "-", braced(flowing.flow.name + " flow"));
  }
  Ids out;
  for (const SystemStore& each : stores_) {
    const std::string& sum = sums[each.name];
    if (sum.empty()) Idiom::fail();
    out.push_back(is_bare(sum) ? id_of(terms, names_in(sum).front())
                               : real(i_, {"d_" + word(each.name), word(each.name) + "_rate"}, sum,
                                      terms, slope(each.name)));
  }
  return out;
}

Ids Simulation::slopes_at(const Ids& state, const Ids& beside, const std::string& prefix) {
  Ids operands = state;
  operands.insert(operands.end(), beside.begin(), beside.end());
  Parts out;
  for (const SystemStore& each : stores_)
    out.push_back({{prefix + each.brief}, scalar(i_), slope(each.name)});
  return call(i_, rates_, operands, out);
}

Ids Simulation::moved(const Ids& state, const Ids& slopes, const std::string& by,
                      const std::string& suffix) {
  Ids out;
  for (std::size_t k = 0; k < state.size(); ++k)
    out.push_back(i_.let({stores_[k].brief + suffix}, "$0 + " + by + " * $1", {state[k], slopes[k]},
                         Shape{}, stores_[k].room));
  return out;
}

void Simulation::define_step() {
  struct How {
    Words names;
    std::string says;
  };
  static const std::vector<How> kHow = {
      {{"euler_step", "advance"}, "Euler's method"},
      {{"midpoint_step", "rk2_step"}, "the midpoint method"},
      {{"heun_step", "trapezoid_step"}, "Heun's method"},
      {{"rk4_step", "runge_kutta_step"}, "the classical Runge-Kutta method"}};
  const How& how = kHow[static_cast<std::size_t>(order_)];
  by_ = how.says;
  if (order_ == Order::kRungeKutta && i_.chance(0.5))
    combine_ = i_.helper(
        {"rk4_update", "weighted_update"}, "Move a value by the weighted mean of four slopes.",
        {{{"y", "value"}, scalar(i_), {-2, 2}},
         {{"k1"}, scalar(i_), {-1, 1}},
         {{"k2"}, scalar(i_), {-1, 1}},
         {{"k3"}, scalar(i_), {-1, 1}},
         {{"k4"}, scalar(i_), {-1, 1}}},
        [&](const Ids& p) {
          return Ids{i_.let({"updated"}, "$0 + " + sixth() + " * ($1 + 2.0 * ($2 + $3) + $4)", p,
                            Shape{}, {-2, 2})};
        });
  Names all = state();
  all.insert(all.end(), beside_.begin(), beside_.end());
  step_ = stage(i_, how.names, "One step by " + by_ + ".", parts(all), [&](const Ids& p) {
    const auto n = static_cast<std::ptrdiff_t>(stores_.size());
    return stepped({p.begin(), p.begin() + n}, {p.begin() + n, p.end()});
  });
}

std::string Simulation::sixth() const { return dt_ + " / 6.0"; }

Ids Simulation::stepped(const Ids& state, const Ids& beside) {
  const Ids k1 = slopes_at(state, beside, order_ == Order::kEuler ? "d" : "k1_");
  if (order_ == Order::kEuler) return moved(state, k1, dt_, "_next");
  if (order_ == Order::kHeun) {
    const Ids k2 = slopes_at(moved(state, k1, dt_, "_euler"), beside, "k2_");
    Ids out;
    for (std::size_t k = 0; k < state.size(); ++k)
      out.push_back(i_.let({stores_[k].brief + "_next"}, "$0 + " + halved(dt_) + " * ($1 + $2)",
                           {state[k], k1[k], k2[k]}, Shape{}, stores_[k].room));
    return out;
  }
  const std::string half = halved(dt_);
  const Ids k2 = slopes_at(moved(state, k1, half, "_mid"), beside, "k2_");
  if (order_ == Order::kMidpoint) return moved(state, k2, dt_, "_next");
  const Ids k3 = slopes_at(moved(state, k2, half, "_mid2"), beside, "k3_");
  const Ids k4 = slopes_at(moved(state, k3, dt_, "_end"), beside, "k4_");
  Ids out;
  for (std::size_t k = 0; k < state.size(); ++k) {
    const Ids operands = {state[k], k1[k], k2[k], k3[k], k4[k]};
    const Words names = {stores_[k].brief + "_next"};
    out.push_back(combine_ >= 0
                      ? i_.call(names, combine_, operands, scalar(i_), stores_[k].room)
                      : i_.let(names, "$0 + " + sixth() + " * ($1 + 2.0 * $2 + 2.0 * $3 + $4)",
                               operands, Shape{}, stores_[k].room));
  }
  return out;
}

}  // namespace jaxsmith::plan
