// Of a simulation: what drives its system, what acts on it now and then, what is kept of it.
#include <fmt/format.h>

#include <algorithm>

#include "plan/argument_roles.h"
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
}  // namespace

void Simulation::define_driver() {
  if (!driver_) return;
  const SystemDriver& d = *driver_;
  const Idiom::Part x = d.of.empty() ? Idiom::Part{} : part(d.of);
  const std::string low = Idiom::text(d.low), high = Idiom::text(d.high);
  if (d.how == kSeason) {
    const std::string swing = i_.either({"0.2", "0.3", "0.25"}),
                      period = i_.either({"12.0", "10.0", "20.0", "24.0"});
    acts_ = i_.helper(
        {"seasonal_" + system_.drive, "cycle"},
        fmt::format("The {} at a step: a wave around its mean.", as_words(system_.drive)),
        {{{"t", "step"}, counts(i_, {}), below(steps_)},
         {{"mean", "level"}, scalar(i_), system_.drives}},
        [&](const Ids& p) {
          const ValueId phase = i_.let({"phase"}, "2.0 * jnp.pi * $0.astype($1.dtype) / " + period,
                                       {p[0], p[1]}, Shape{}, {0, 12});
          return Ids{i_.let(
              {"wave"},
              "$0 * (1.0 + " + swing + " * " + i_.either({"jnp.cos($1)", "jnp.sin($1)"}) + ")",
              {p[1], phase}, Shape{}, system_.drives)};
        });
  } else if (d.how == kControl) {
    const std::string most = Idiom::text(1.5 * system_.drives.hi),
                      integral = i_.either({"0.2", "0.1", "0.3"});
    acts_ = i_.helper({"pi_controller", "control"}, "Proportional-integral control within limits.",
                      {{{"error", "miss"}, scalar(i_), {-1, 1}},
                       {{"integral", "accumulated"}, scalar(i_), {-2, 2}}},
                      [&](const Ids& p) {
                        const std::string wanted = d.factor + " * $0 + " + integral + " * $1";
                        const ValueId u =
                            i_.let({"command"}, wanted, p, Shape{}, {-1, 2 * system_.drives.hi});
                        return Ids{i_.let({"limited"}, "jnp.clip($0, 0.0, " + most + ")", {u},
                                          Shape{}, system_.drives)};
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

std::vector<Simulation::Input> Simulation::inputs() const {
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
        out.push_back(
            {"schedule",
             {{drive + "_schedule", drive + "_by_phase"}, {i_.real(), {phases_}}, system_.drives}});
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

bool Simulation::by(Driving how) const { return driver_ && driver_->how == how; }

bool Simulation::counts_steps() const {
  return by(kSeason) || by(kSchedule) || pulse_ || delayed_ || peak_;
}

std::vector<Simulation::Carried> Simulation::memory(const Terms& in) {
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

ValueId Simulation::measured(Terms& now, ValueId t, Terms& next) {
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

ValueId Simulation::driven(Terms& now, ValueId t, Terms& next) {
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

ValueId Simulation::switched(Terms& now, ValueId x, Terms& next) {
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

ValueId Simulation::restricted(Terms& now, ValueId x, Terms& next) {
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

ValueId Simulation::pulsed(Terms& now, ValueId t) {
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

std::vector<Simulation::Carried> Simulation::trackers(const Terms& in) {
  std::vector<Carried> out;
  const std::string& x = system_.watched;
  const double n = static_cast<double>(steps_);
  const auto zero = [&] { return i_.builder().literal(0, i_.real()); };
  const auto none = [&] { return i_.builder().literal(0, i_.integer()); };
  const Interval wide{0, std::max(1.0, room(x).hi)};
  if (peak_) {
    out.push_back({"peak", {{"peak"}, id_of(in, x), room(x), {"peak_" + word(x), "peak"}}});
    out.push_back({"when", {{"peak_step", "when"}, none(), {0, n}, {"peak_step", "step_of_peak"}}});
  }
  if (low_) out.push_back({"low", {{"low"}, id_of(in, x), room(x), {"lowest_" + word(x), "low"}}});
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
        {"effort", {{"used"}, zero(), {0, n * system_.drives.hi / 4}, {"total_" + system_.drive}}});
  if (switches_)
    out.push_back({"switches", {{"switches"}, none(), {0, 0.3 * n + 2}, {"switches"}}});
  return out;
}

void Simulation::track(const Terms& now, ValueId x, ValueId drive, ValueId t, Terms& next) {
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

}  // namespace jaxsmith::plan
