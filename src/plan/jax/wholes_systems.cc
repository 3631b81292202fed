// Systems of stores and flows as a whole: laws of flows, rates of change, an integrator, what
// drives the system, a number of steps, what is told of them; by choice scenarios that are
// compared, parameters that are fitted or a table over one of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"
#include "plan/jax/system_models.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Driving;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;
using Names = std::vector<std::string>;

enum class Order { kEuler, kMidpoint, kHeun, kRungeKutta };
enum class Study { kRun, kCompare, kFit, kTable, kSettle };

bool holds(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// What a formula names, in order.
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

std::string in_words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::string in_capitals(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

bool calls_function(const std::string& law) {
  return law.find('(') != std::string::npos && law.find("j") != std::string::npos &&
         (law.find("jnp.") != std::string::npos || law.find("jax.") != std::string::npos);
}

ValueId id_of(const Terms& terms, const std::string& name) {
  const auto found = std::ranges::find(terms, name, &Term::name);
  if (found == terms.end()) Idiom::fail();
  return found->id;
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

// A flow of the program's system, with the law that it has here.
struct Flowing {
  SystemFlow flow;
  std::string law;
  BodyId function = -1;  // none: written out where it is needed
};

class Simulation {
 public:
  Simulation(Idiom& i, Category category, Study study)
      : i_(i), category_(category), study_(study), system_(drawn_system(i, category, study)) {
    if (half_precision(i)) i.fail();
    brief_ = i.chance(0.4);
    draw_parts();
    draw_driver();
    order_ = static_cast<Order>(i.random().weighted(std::vector<double>{0.1, 0.2, 0.15, 0.55}));
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

  void write() {
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

 private:
  // ---- What the system is ----

  bool here(const std::string& part) const {
    if (part.starts_with("no ")) return !parts_.contains(part.substr(3));
    return part.empty() || parts_.contains(part);
  }

  void draw_parts() {
    std::vector<std::string> said;
    for (const SystemPart& part : system_.parts)
      if (i_.chance(0.5)) {
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

  void draw_driver() {
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

  // Constants are arguments, names of the module or numbers in the laws.
  void draw_constants() {
    const bool named = i_.chance(0.6);
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

  void draw_trackers() {
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

  const SystemStore& store(const std::string& name) const {
    return *std::ranges::find(stores_, name, &SystemStore::name);
  }

  // What it is called in code, and what else it may be called.
  std::string word(const std::string& name) const { return word(name, brief_); }
  Words either_word(const std::string& name) const {
    const std::string other = word(name, !brief_);
    return {word(name), other == word(name) ? name + "_now" : other};
  }
  std::string word(const std::string& name, bool brief) const {
    if (!brief) return name;
    const auto found = std::ranges::find(system_.stores, name, &SystemStore::name);
    if (found != system_.stores.end()) return found->brief;
    const auto constant = std::ranges::find(system_.constants, name, &SystemConstant::name);
    return constant != system_.constants.end() ? constant->brief : name;
  }

  // Within a loop, where the first names may be those of what it starts from.
  Words carried_as(const std::string& name) const {
    Words out = either_word(name);
    out.push_back(name + "_now");
    return out;
  }

  Names state() const {
    Names out;
    for (const SystemStore& each : stores_) out.push_back(each.name);
    return out;
  }

  Interval room(const std::string& name) const { return store(name).room; }
  Interval slope(const std::string& name) const {
    const double width = 0.3 * (room(name).hi - room(name).lo);
    return {-width, width};
  }

  bool is_store(const std::string& name) const {
    return std::ranges::find(stores_, name, &SystemStore::name) != stores_.end();
  }

  Idiom::Part part(const std::string& name) const {
    if (is_store(name)) return {either_word(name), scalar(i_), room(name)};
    if (name == system_.drive) return {either_word(name), scalar(i_), system_.drives};
    return {either_word(name), scalar(i_), ranges_.at(name)};
  }

  Parts parts(const Names& names) const {
    Parts out;
    for (const std::string& name : names) out.push_back(part(name));
    return out;
  }

  // ---- Laws, rates and a step ----

  // What a law takes as parameters.
  Names taken_by(const std::string& law) const {
    Names out = names_in(law);
    std::erase_if(out, [&](const std::string& name) {
      return std::ranges::find(texts_, name, &Term::name) != texts_.end();
    });
    return out;
  }

  Terms terms_of(const Names& names, const Ids& ids) const {
    Terms out = texts_;
    for (std::size_t k = 0; k < names.size(); ++k) out.push_back({names[k], ids[k], {}});
    return out;
  }

  static Ids values(const Terms& terms, const Names& names) {
    Ids out;
    for (const std::string& name : names) out.push_back(id_of(terms, name));
    return out;
  }

  Interval reach(const Flowing& flowing) const {
    const SystemFlow& flow = flowing.flow;
    const Interval of = slope(flow.to.empty() ? flow.from : flow.to);
    return flowing.law.find(" - ") == std::string::npos && !flowing.law.starts_with("-")
               ? Interval{0.02 * of.hi, of.hi}
               : of;
  }

  void define_laws() {
    for (Flowing& flowing : flows_) {
      if (is_bare(flowing.law)) continue;
      const std::size_t steps = static_cast<std::size_t>(std::ranges::count(flowing.law, '*') +
                                                         std::ranges::count(flowing.law, '/') +
                                                         2 * std::ranges::count(flowing.law, '('));
      if (!i_.chance(steps > 2 ? 0.85 : steps > 1 ? 0.3 : 0.05)) continue;
      const Names taken = taken_by(flowing.law);
      flowing.function = i_.helper(
          {flowing.flow.name + "_law", flowing.flow.name + "_flux"}, flowing.flow.says,
          parts(taken), [&](const Ids& p) {
            return Ids{real(i_, {"rate", "flow"}, flowing.law, terms_of(taken, p), reach(flowing))};
          });
    }
  }

  void define_rates() {
    for (const Flowing& flowing : flows_) {
      for (const std::string& name : taken_by(flowing.law))
        if (!is_store(name) && !holds(beside_, name)) beside_.push_back(name);
      const std::string& share = flowing.flow.share;
      if (holds(given_, share) && !holds(beside_, share)) beside_.push_back(share);
    }
    Names all = state();
    all.insert(all.end(), beside_.begin(), beside_.end());
    rates_ = stage(i_, {system_.key + "_rates", "rates", system_.key + "_derivatives"},
                   "Rates of change of " + system_.says + with_ + ".", parts(all),
                   [&](const Ids& p) { return rates_of(terms_of(all, p)); });
  }

  Ids rates_of(Terms terms) {
    std::map<std::string, std::string> sums;
    const auto add = [&](const std::string& of, const std::string& sign, const std::string& what) {
      if (of.empty()) return;
      std::string& sum = sums[of];
      sum = sum.empty() ? (sign == "-" ? "-" + what : what) : sum + " " + sign + " " + what;
    };
    std::map<std::string, std::string> losses;
    for (const Flowing& flowing : flows_) {
      const SystemFlow& flow = flowing.flow;
      const std::string key = flow.name + " flow";
      ValueId value;
      if (is_bare(flowing.law)) {
        value = id_of(terms, names_in(flowing.law).front());
      } else if (flowing.function >= 0) {
        const Names taken = taken_by(flowing.law);
        value = i_.call({flow.name}, flowing.function, values(terms, taken), scalar(i_),
                        reach(flowing));
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
                                 : real(i_, {"d_" + word(each.name), word(each.name) + "_rate"},
                                        sum, terms, slope(each.name)));
    }
    return out;
  }

  Ids slopes_at(const Ids& state, const Ids& beside, const std::string& prefix) {
    Ids operands = state;
    operands.insert(operands.end(), beside.begin(), beside.end());
    Parts out;
    for (const SystemStore& each : stores_)
      out.push_back({{prefix + each.brief}, scalar(i_), slope(each.name)});
    return call(i_, rates_, operands, out);
  }

  Ids moved(const Ids& state, const Ids& slopes, const std::string& by, const std::string& suffix) {
    Ids out;
    for (std::size_t k = 0; k < state.size(); ++k)
      out.push_back(i_.let({stores_[k].brief + suffix}, "$0 + " + by + " * $1",
                           {state[k], slopes[k]}, Shape{}, stores_[k].room));
    return out;
  }

  void define_step() {
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

  std::string sixth() const { return dt_ + " / 6.0"; }

  Ids stepped(const Ids& state, const Ids& beside) {
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

  // ---- What drives it ----

  void define_driver() {
    if (!driver_) return;
    const SystemDriver& d = *driver_;
    const Idiom::Part x = d.of.empty() ? Idiom::Part{} : part(d.of);
    const std::string low = Idiom::text(d.low), high = Idiom::text(d.high);
    if (d.how == kSeason) {
      const std::string swing = i_.either({"0.2", "0.3", "0.25"}),
                        period = i_.either({"12.0", "10.0", "20.0", "24.0"});
      acts_ = i_.helper(
          {"seasonal_" + system_.drive, "cycle"},
          fmt::format("The {} at a step: a wave around its mean.", in_words(system_.drive)),
          {{{"t", "step"}, counts(i_, {}), below(steps_)},
           {{"mean", "level"}, scalar(i_), system_.drives}},
          [&](const Ids& p) {
            const ValueId phase =
                i_.let({"phase"}, "2.0 * jnp.pi * $0.astype($1.dtype) / " + period, {p[0], p[1]},
                       Shape{}, {0, 12});
            return Ids{i_.let(
                {"wave"},
                "$0 * (1.0 + " + swing + " * " + i_.either({"jnp.cos($1)", "jnp.sin($1)"}) + ")",
                {p[1], phase}, Shape{}, system_.drives)};
          });
    } else if (d.how == kControl) {
      const std::string most = Idiom::text(1.5 * system_.drives.hi),
                        integral = i_.either({"0.2", "0.1", "0.3"});
      acts_ = i_.helper(
          {"pi_controller", "control"}, "Proportional-integral control within limits.",
          {{{"error", "miss"}, scalar(i_), {-1, 1}},
           {{"integral", "accumulated"}, scalar(i_), {-2, 2}}},
          [&](const Ids& p) {
            const std::string wanted = d.factor + " * $0 + " + integral + " * $1";
            const ValueId u = i_.let({"command"}, wanted, p, Shape{}, {-1, 2 * system_.drives.hi});
            return Ids{i_.let({"limited"}, "jnp.clip($0, 0.0, " + most + ")", {u}, Shape{},
                              system_.drives)};
          });
    } else if (d.how == kSwitch && category_ != kConditional) {
      const std::string begins = d.on_below ? "$0 < " + low : "$0 > " + high,
                        ends = d.on_below ? "$0 > " + high : "$0 < " + low;
      acts_ = i_.helper(
          {"update_" + d.names[0], "hysteresis"},
          fmt::format("Switch {} {} {} and {} {} {}.", "on", d.on_below ? "below" : "above",
                      d.on_below ? low : high, "off", d.on_below ? "above" : "below",
                      d.on_below ? high : low),
          {x, {{d.names[0], "on"}, flags({}), {0, 1}}}, [&](const Ids& p) {
            const std::string form =
                i_.either({"jnp.where(" + begins + ", True, jnp.where(" + ends + ", False, $1))",
                           "(" + begins + ") | ($1 & ~(" + ends + "))",
                           "jnp.logical_or(" + begins + ", jnp.logical_and($1, ~(" + ends + ")))"});
            return Ids{i_.let({"still_on", "now_on"}, form, {p[0], p[1]}, flags({}), {0, 1})};
          });
    }
  }

  struct Input {
    std::string name;
    Idiom::Part part;
  };

  // What it takes from outside beside the state and the constants.
  std::vector<Input> inputs() const {
    std::vector<Input> out;
    const std::string& drive = system_.drive;
    if (driver_) {
      const Type one = scalar(i_);
      switch (driver_->how) {
        case kConstant:
          out.push_back({drive, {{drive}, one, system_.drives}});
          break;
        case kSeries:
          out.push_back(
              {"series",
               {{drive + "_series", drive + "_data"}, {i_.real(), {steps_}}, system_.drives}});
          break;
        case kSeason:
          out.push_back({"level", {{"mean_" + drive}, one, system_.drives}});
          break;
        case kSchedule:
          out.push_back({"schedule",
                         {{drive + "_schedule", drive + "_by_phase"},
                          {i_.real(), {phases_}},
                          system_.drives}});
          break;
        case kSwitch:
          out.push_back({"level", {{"full_" + drive, "max_" + drive}, one, system_.drives}});
          break;
        case kControl:
          out.push_back({"target", {driver_->names, one, {driver_->low, driver_->high}}});
          break;
        case kPolicy:
          out.push_back({"level", {{"base_" + drive, "usual_" + drive}, one, system_.drives}});
          break;
      }
    }
    if (pulse_) {
      out.push_back({"amount", {pulse_->names, scalar(i_), pulse_->amount}});
      if (period_given_)
        out.push_back({"period",
                       {{"period", "interval"},
                        counts(i_, {}),
                        {static_cast<double>(pulse_->periods.front()),
                         static_cast<double>(pulse_->periods.back())}}});
    }
    if (observed_) {
      const Interval start = store(system_.watched).start;
      out.push_back({"observed",
                     {{"observed", "measured_" + system_.watched},
                      {i_.real(), {steps_}},
                      {start.lo, start.lo + 1.4 * (start.hi - start.lo)}}});
    }
    return out;
  }

  // Of a carry: what it is called within the loop and after it.
  struct Carried {
    std::string name;
    Idiom::Carry carry;
  };

  bool by(Driving how) const { return driver_ && driver_->how == how; }
  bool counts_steps() const { return by(kSeason) || by(kSchedule) || pulse_ || delayed_ || peak_; }

  std::vector<Carried> memory(const Terms& in) {
    std::vector<Carried> out;
    if (by(kSwitch))
      out.push_back({"on",
                     {{driver_->names[0], driver_->names.back()},
                      i_.let({"off"}, i_.either({"jnp.array(False)", "jnp.bool_(False)"}), {},
                             flags({}), {0, 1}),
                      {0, 1},
                      {}}});
    if (by(kControl))
      out.push_back(
          {"integral", {{"integral", "accumulated"}, i_.builder().literal(0, i_.real()), {-2, 2}}});
    if (by(kPolicy))
      out.push_back({"left",
                     {{driver_->names[0] + "_left", "steps_left"},
                      i_.builder().literal(0, i_.integer()),
                      {0, 8}}});
    if (delayed_)
      out.push_back({"past",
                     {{"past", "recent"},
                      i_.let({"past"}, fmt::format("jnp.full({}, $0)", lag_),
                             {id_of(in, driver_->of)}, {lag_}, room(driver_->of)),
                      room(driver_->of)}});
    return out;
  }

  ValueId measured(Terms& now, ValueId t, Terms& next) {
    const ValueId x = id_of(now, driver_->of);
    if (!delayed_) return x;
    const std::string place = fmt::format("$1 % {}", lag_);
    const ValueId past = id_of(now, "past");
    const ValueId seen =
        i_.let({"reported", "seen"}, "$0[" + place + "]", {past, t}, Shape{}, room(driver_->of));
    next.push_back({"past",
                    i_.let({"past_next"}, "$0.at[" + place + "].set($2)", {past, t, x}, {lag_},
                           room(driver_->of)),
                    {}});
    return seen;
  }

  // What drives the system at this step; what is remembered of it goes into `next`.
  ValueId driven(Terms& now, ValueId t, Terms& next) {
    const SystemDriver& d = *driver_;
    const Words names = {system_.drive};
    switch (d.how) {
      case kConstant:
        return id_of(now, system_.drive);
      case kSeries:
        return id_of(now, "now");
      case kSeason:
        return i_.call(names, acts_, {t, id_of(now, "level")}, scalar(i_), system_.drives);
      case kSchedule:
        return i_.let(names, fmt::format("$0[$1 // {}]", steps_ / phases_),
                      {id_of(now, "schedule"), t}, Shape{}, system_.drives);
      case kControl: {
        const ValueId miss = i_.let({"error", "miss"}, "$0 - $1",
                                    {id_of(now, "target"), id_of(now, d.of)}, Shape{}, {-1, 1});
        const ValueId integral = i_.let({"integral_next"}, "$0 + " + dt_ + " * $1",
                                        {id_of(now, "integral"), miss}, Shape{}, {-2, 2});
        next.push_back({"integral", integral, {}});
        return i_.call(names, acts_, {miss, integral}, scalar(i_), system_.drives);
      }
      case kSwitch:
        return switched(now, measured(now, t, next), next);
      case kPolicy:
        return restricted(now, measured(now, t, next), next);
    }
    return kNoValue;
  }

  ValueId switched(Terms& now, ValueId x, Terms& next) {
    const SystemDriver& d = *driver_;
    const ValueId on = id_of(now, "on"), level = id_of(now, "level");
    const Words on_names = {"on_next", d.names[0] + "_next"};
    ValueId now_on;
    if (category_ != kConditional) {
      now_on = i_.call(on_names, acts_, {x, on}, flags({}), {0, 1});
    } else {
      const std::string low = Idiom::text(d.low), high = Idiom::text(d.high);
      const ValueId rest = i_.let({"was_on", "undecided"}, "$0", {on}, flags({}), {0, 1});
      now_on = i_.cond(
          rest, {x}, {part(d.of)}, {"stay_on", "while_on"},
          [&](const Ids& q) {
            return Ids{i_.let({"keep"}, d.on_below ? "$0 <= " + high : "$0 >= " + low, {q[0]},
                              flags({}), {0, 1})};
          },
          {"stay_off", "while_off"},
          [&](const Ids& q) {
            return Ids{i_.let({"start"}, d.on_below ? "$0 < " + low : "$0 > " + high, {q[0]},
                              flags({}), {0, 1})};
          },
          {{on_names, flags({}), {0, 1}}})[0];
    }
    next.push_back({"on", now_on, {}});
    if (switches_)
      next.push_back({"switches",
                      whole(i_, {"switches_next"}, "{n} + ({a} != {b})",
                            {{"n", id_of(now, "switches")}, {"a", now_on}, {"b", on}},
                            {0, 0.3 * static_cast<double>(steps_) + 2}),
                      {}});
    return i_.let({system_.drive}, "jnp.where($0, $1, 0.0)", {now_on, level}, Shape{},
                  {0, system_.drives.hi});
  }

  // Once a threshold is passed, for some steps.
  ValueId restricted(Terms& now, ValueId x, Terms& next) {
    const SystemDriver& d = *driver_;
    const std::string limit = Idiom::text(i_.chance(0.5) ? d.low : d.high),
                      length = fmt::format("{}", i_.between(2, 6));
    const ValueId left = id_of(now, "left");
    const Words names = {"left_next", d.names[0] + "_left_next"};
    const ValueId high = i_.let({"too_high", "alarm"}, "$0 > " + limit, {x}, flags({}), {0, 1});
    ValueId after;
    if (category_ == kConditional) {
      after = i_.cond(
          high, {left}, {{{"left"}, counts(i_, {}), {0, 8}}}, {"start", "renew"},
          [&](const Ids& q) {
            return Ids{i_.let({"renewed"}, "jnp.full_like($0, " + length + ")", {q[0]},
                              counts(i_, {}), {0, 8})};
          },
          {"count_down", "run_out"},
          [&](const Ids& q) {
            return Ids{i_.let({"less"}, "jnp.maximum($0 - 1, 0)", {q[0]}, counts(i_, {}), {0, 8})};
          },
          {{names, counts(i_, {}), {0, 8}}})[0];
    } else {
      after = i_.let(names, "jnp.where($0, " + length + ", jnp.maximum($1 - 1, 0))", {high, left},
                     counts(i_, {}), {0, 8});
    }
    next.push_back({"left", after, {}});
    return i_.let({system_.drive}, "jnp.where($0 > 0, " + d.factor + " * $1, $1)",
                  {after, id_of(now, "level")}, Shape{}, system_.drives);
  }

  // A store with what is put into it at this step.
  ValueId pulsed(Terms& now, ValueId t) {
    const std::string period = period_given_ ? "{period}" : fmt::format("{}", period_);
    const ValueId due =
        test(i_, {"due", "dosing"},
             i_.either({"{t} % " + period + " == 0", "({t} + 1) % " + period + " == 0"}),
             with(now, {{"t", t}}));
    const ValueId x = id_of(now, pulse_->store), amount = id_of(now, "amount");
    const Interval range = room(pulse_->store);
    const std::string name = word(pulse_->store);
    if (category_ == kConditional)
      return i_.cond(
          due, {x}, {{{name}, scalar(i_), range}}, {"add_" + pulse_->names[0], "give"},
          [&](const Ids& q) {
            return Ids{i_.let({"more"}, "$0 + $1", {q[0], amount}, Shape{}, range)};
          },
          {"wait", "leave"}, [](const Ids& q) { return q; },
          {{{name + "_after", name}, scalar(i_), range}})[0];
    return i_.let({name + "_after", name}, "$0 + jnp.where($1, $2, 0.0)", {x, due, amount}, Shape{},
                  range);
  }

  // ---- What is told of it ----

  std::vector<Carried> trackers(const Terms& in) {
    std::vector<Carried> out;
    const std::string& x = system_.watched;
    const double n = static_cast<double>(steps_);
    const auto zero = [&] { return i_.builder().literal(0, i_.real()); };
    const auto none = [&] { return i_.builder().literal(0, i_.integer()); };
    const Interval wide{0, std::max(1.0, room(x).hi)};
    if (peak_) {
      out.push_back({"peak", {{"peak"}, id_of(in, x), room(x), {"peak_" + word(x), "peak"}}});
      out.push_back(
          {"when", {{"peak_step", "when"}, none(), {0, n}, {"peak_step", "step_of_peak"}}});
    }
    if (low_)
      out.push_back({"low", {{"low"}, id_of(in, x), room(x), {"lowest_" + word(x), "low"}}});
    if (total_) {
      const std::string name = system_.total.empty() ? "total_" + word(x) : system_.total;
      out.push_back({"total", {{"total"}, zero(), wide, {name}}});
    }
    if (above_)
      out.push_back({"above", {{"above"}, none(), {0, n}, {"steps_above", "steps_over_limit"}}});
    if (crossings_)
      out.push_back({"crossings", {{"crossings"}, none(), {0, 0.2 * n + 2}, {"crossings"}}});
    if (effort_)
      out.push_back(
          {"effort",
           {{"used"}, zero(), {0, n * system_.drives.hi / 4}, {"total_" + system_.drive}}});
    if (switches_)
      out.push_back({"switches", {{"switches"}, none(), {0, 0.3 * n + 2}, {"switches"}}});
    return out;
  }

  void track(const Terms& now, ValueId x, ValueId drive, ValueId t, Terms& next) {
    Terms all = with(now, {{"x", x}, {"t", t}, {"drive", drive}});
    const Interval wide = room(system_.watched);
    const double n = static_cast<double>(steps_);
    const auto put = [&](const std::string& name, ValueId id) { next.push_back({name, id, {}}); };
    if (peak_) {
      put("when", whole(i_, {"when_next", "peak_step_next"}, "jnp.where({x} > {peak}, {t}, {when})",
                        all, {0, n}));
      put("peak", real(i_, {"peak_next"}, "jnp.maximum({peak}, {x})", all, wide));
    }
    if (low_) put("low", real(i_, {"low_next"}, "jnp.minimum({low}, {x})", all, wide));
    if (total_) put("total", real(i_, {"total_next"}, "{total} + " + dt_ + " * {x}", all, wide));
    if (above_)
      put("above", whole(i_, {"above_next"},
                         i_.either({"{above} + ({x} > " + limit_ + ")",
                                    "{above} + jnp.where({x} > " + limit_ + ", 1, 0)"}),
                         all, {0, n}));
    if (crossings_) {
      all.push_back({"old", id_of(now, system_.watched), {}});
      put("crossings", whole(i_, {"crossings_next"},
                             "{crossings} + (({old} < " + limit_ + ") & ({x} >= " + limit_ + "))",
                             all, {0, 0.2 * n + 2}));
    }
    if (effort_)
      put("effort", real(i_, {"used_next"}, "{effort} + " + dt_ + " * {drive}", all,
                         {0, n * system_.drives.hi / 4}));
  }

  // ---- All steps ----

  // Stores whose end is given: so that each store moves one of them.
  std::set<std::string> kept(bool all) {
    if (study_ == Study::kFit) return {};
    std::set<std::string> out = {system_.watched};
    for (const SystemStore& each : stores_)
      if (all || (study_ == Study::kRun && i_.chance(0.4))) out.insert(each.name);
    for (const SystemStore& each : stores_)
      if (!reaches(each.name, out)) out.insert(each.name);
    return out;
  }

  bool moves_others(const std::string& name) const {
    return !moved_by(name).empty() || (driver_ && driver_->of == name);
  }

  // Other stores whose rates this one enters.
  std::set<std::string> moved_by(const std::string& name) const {
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

  bool reaches(const std::string& name, const std::set<std::string>& ends) const {
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

  // One pass of the loop: the next of everything that is carried.
  Terms pass(const Terms& in, Terms now, ValueId t) {
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

  // Runs the loop on what `in` names; gives what is left, by name.
  Terms run(const Terms& in, bool all_ends) {
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

  ValueId misfit(const Terms& out, const Terms& in) {
    const Interval range{0.05, 2};
    const Terms both = {{"h", id_of(out, "history")}, {"o", id_of(in, "observed")}};
    if (study_ == Study::kFit)
      return real(i_, {"loss", "misfit"}, "jnp.mean(({h} - {o}) ** 2) / jnp.var({o})", both, range);
    return real(i_, {"rmse", "misfit"},
                i_.either({"jnp.sqrt(jnp.mean(({h} - {o}) ** 2))",
                           "jnp.sqrt(jnp.mean(jnp.square({h} - {o})))"}),
                both, range);
  }

  std::string phrase() const {
    std::string out;
    const std::string drive = in_words(system_.drive);
    if (by(kSeries)) out = " driven by a series of " + drive;
    if (by(kSeason)) out = " under a " + drive + " that comes and goes";
    if (by(kSchedule)) out = " under a " + drive + " that is scheduled";
    if (by(kControl)) out = " under proportional-integral control";
    if (by(kSwitch)) out = " switched on and off by thresholds";
    if (by(kPolicy))
      out = fmt::format(", with {} when there is too much {}", in_words(driver_->names[0]),
                        in_words(driver_->of));
    if (pulse_) out += fmt::format("{} and {}", out.empty() ? "" : ",", pulse_->says);
    if (out.starts_with(" and")) out = " under" + out.substr(4);
    return out;
  }

  std::string about() const { return system_.says + with_ + phrase(); }

  // Arguments of the root: where the state begins, constants, what drives it.
  Terms arguments() {
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

  void run_here() {
    const bool settles = study_ == Study::kSettle;
    i_.called(settles
                  ? Words{system_.key + "_equilibrium", "steady_" + system_.key, "settle"}
                  : Words{"simulate_" + system_.key, "run_" + system_.key + "_model", "simulate"});
    if (settles) {
      settle();
      return;
    }
    i_.summary(fmt::format("Simulate {} for {} steps of {}.", about(), steps_, by_));
    const Terms in = arguments();
    const Terms out = run(in, i_.chance(0.5));
    if (observed_) {
      misfit(out, in);
      return;
    }
    if (history_ && (category_ == kReduction || i_.chance(0.5))) reduce(id_of(out, "history"));
  }

  void reduce(ValueId history) {
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

  // Until nothing moves any more.
  void settle() {
    const std::string tolerance = i_.setting({"tol", "tolerance"}, {"1e-3", "2e-3", "1e-4"});
    const std::int64_t most = i_.random().pick(std::vector<std::int64_t>{200, 300, 400, 500});
    i_.summary(
        fmt::format("Run {} by {} until it is at rest, for {} steps at most.", about(), by_, most));
    const Terms in = arguments();
    std::vector<Idiom::Carry> carries;
    for (const SystemStore& each : stores_)
      carries.push_back({carried_as(each.name),
                         id_of(in, each.name),
                         each.room,
                         {"final_" + word(each.name), word(each.name) + "_at_rest"}});
    const Names names = state();
    until_settled(
        i_, {tolerance, most, 1, {"steps_taken", "steps"}}, carries, {"advance", "one_step"},
        [&](const Ids& p) {
          const Terms now = terms_of(names, p);
          Ids next = values(pass(in, now, kNoValue), names);
          std::string change = "jnp.abs($0 - $1)";
          Ids operands;
          for (std::size_t k = 0; k < next.size(); ++k) {
            operands.push_back(next[k]);
            operands.push_back(p[k]);
            if (k > 0) change = fmt::format("{} + jnp.abs(${} - ${})", change, 2 * k, 2 * k + 1);
          }
          next.push_back(i_.let({"change", "movement"}, change, operands, Shape{}, {0, 1}));
          return next;
        });
  }

  // ---- Studies of a run ----

  // The run as a function of the module: of these, and what it gives.
  struct Run {
    BodyId function = -1;
    Names takes, gives;
    Parts results;
  };

  Run run_function() {
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
            ? fmt::format("How far {} is from what was observed, relative to its variance.",
                          system_.says)
            : fmt::format("Simulate {} for {} steps.", about(), steps_);
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

  // One that the run answers: a constant, or what drives it.
  std::string varied() const {
    Names out = given_;
    if (by(kConstant)) out.push_back(system_.drive);
    if (by(kSeason) || by(kSwitch) || by(kPolicy)) out.push_back("level");
    if (by(kControl)) out.push_back("target");
    if (out.empty()) out.push_back(system_.watched);
    return i_.random().pick(out);
  }

  Idiom::Part part_of(const std::string& name) const {
    for (const Input& input : inputs())
      if (input.name == name) return input.part;
    Idiom::Part out = part(name);
    if (is_store(name)) out.range = store(name).start;
    return out;
  }

  void compare() {
    const Run once = run_function();
    const std::string which = varied();
    const Idiom::Part of = part_of(which);
    i_.called({"compare_scenarios", "scenario_effect", "compare_" + system_.key + "_runs"});
    i_.summary(fmt::format("Compare two runs of {} that differ in {}.", system_.says + with_,
                           in_words(of.names[0])));
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

  void table() {
    const Run once = run_function();
    const std::string which = varied();
    Idiom::Part of = part_of(which);
    const std::int64_t count = std::max<std::int64_t>(4, i_.size());
    i_.called({"sweep_" + of.names[0], "parameter_sweep", system_.key + "_sweep"});
    i_.summary(fmt::format("Tabulate runs of {} over {} values of {}.", system_.says + with_, count,
                           in_words(of.names[0])));
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

  Terms arguments_but(const std::string& left_out) {
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

  // Its constants by observations: how the misfit answers them, or a descent.
  void fit() {
    const Run once = run_function();
    const std::size_t count = std::min<std::size_t>(given_.size(), 3);
    const Names fitted(given_.begin(), given_.begin() + static_cast<std::ptrdiff_t>(count));
    const bool descends = i_.chance(0.6);
    i_.called(descends ? Words{"fit_" + system_.key, "calibrate_" + system_.key, "calibrate"}
                       : Words{system_.key + "_sensitivities", "misfit_sensitivities"});
    const std::int64_t rounds = i_.between(3, 12);
    i_.summary(descends ? fmt::format("Fit {} to observations by {} steps of gradient descent.",
                                      system_.says + with_, rounds)
                        : fmt::format("Relative sensitivities of the misfit of {} to observations.",
                                      system_.says + with_));
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
      return i_.unpack(
          fmt::format("jax.value_and_grad($f0, argnums={})({})", numbers,
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
          i_.comment("Descend in the logarithms, which keeps the rates positive.");
          for (std::size_t k = 0; k < count; ++k)
            next.push_back(i_.let({word(fitted[k]) + "_next"},
                                  "$0 * jnp.exp(-" + rate + " * jnp.tanh($0 * $1))",
                                  {p[k], at[k + 1]}, Shape{}, ranges_[fitted[k]]));
          next.push_back(at[0]);
          return next;
        },
        "", rounds);
  }

  Idiom& i_;
  const Category category_;
  const Study study_;
  const StockSystem& system_;
  std::set<std::string> parts_;
  std::string with_, by_, dt_, limit_;
  std::vector<SystemStore> stores_;
  std::vector<Flowing> flows_;
  std::optional<SystemDriver> driver_;
  std::optional<SystemPulse> pulse_;
  Order order_{};
  Names given_, beside_;
  std::map<std::string, Interval> ranges_;
  Terms texts_;
  std::int64_t steps_ = 0, substeps_ = 1, lag_ = 1, phases_ = 1, period_ = 1;
  bool brief_ = false, period_given_ = false, delayed_ = false, observed_ = false, history_ = false,
       peak_ = false, low_ = false, total_ = false, above_ = false, crossings_ = false,
       effort_ = false, switches_ = false;
  BodyId rates_ = -1, step_ = -1, combine_ = -1, acts_ = -1;
};

Study drawn_study(Idiom& i, Category category) {
  if (category == kGradient) return Study::kFit;
  if (category == kVectorization) return Study::kTable;
  if (category == kReduction || category == kLoop) return Study::kRun;
  return i.chance(0.35) ? Study::kCompare : Study::kRun;
}

}  // namespace

std::vector<Op> system_wholes() {
  std::vector<Op> out = wholes_of({{"coupled_system", kArithmetic, 2.2},
                                   {"nonlinear_system", kMath, 2.2},
                                   {"system_history", kReduction, 2.2},
                                   {"scheduled_system", kIndexing, 2.2},
                                   {"fitted_system", kGradient, 2.2},
                                   {"system_sweep", kVectorization, 2.5},
                                   {"switched_system", kConditional, 2.5},
                                   {"stepped_system", kLoop, 2.2}},
                                  [](Idiom& i, Category category) {
                                    const Study study = drawn_study(i, category);
                                    Simulation(i, category, study).write();
                                  });
  for (Op& op : wholes_of({{"settling_system", kLoop, 0.8}}, [](Idiom& i, Category category) {
         Simulation(i, category, Study::kSettle).write();
       })) {
    op.derivative = kForward;  // by a while_loop
    out.push_back(std::move(op));
  }
  return out;
}

}  // namespace jaxsmith::plan
